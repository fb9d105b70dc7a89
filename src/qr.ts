import type { QRCodeSegment } from 'qrcode'

/** Picture formats of a QR code. */
export type QrFormat = 'svg' | 'png'

/** A QR code of `text` as a data URI. The library is loaded at the first enrollment, not at boot. */
export async function qrCode (text: string, format: QrFormat): Promise<string> {
  const { default: qrcode } = await import('qrcode')
  // Looking for parts of it that other modes make a little shorter takes a third of the time.
  const whole: QRCodeSegment[] = [{ mode: 'byte', data: Buffer.from(text) }]
  if (format === 'png') return await qrcode.toDataURL(whole, { type: 'image/png' })
  const svg = await qrcode.toString(whole, { type: 'svg' })
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
}
