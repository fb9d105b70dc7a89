import type { QRCodeSegment } from 'qrcode'

/** Characters up to which the text isn't searched for parts that another mode would shorten. */
const SHORT = 300

/** Picture formats of a QR code. */
export type QrFormat = 'svg' | 'png'

/** A QR code of `text` as a data URI. The library is loaded at the first enrollment, not at boot. */
export async function qrCode (text: string, format: QrFormat): Promise<string> {
  const { default: qrcode } = await import('qrcode')
  // The search takes a third of the time and gains little, but a long text doesn't fit without it.
  const whole: QRCodeSegment[] = [{ mode: 'byte', data: Buffer.from(text) }]
  const drawn = text.length > SHORT ? text : whole
  if (format === 'png') return await qrcode.toDataURL(drawn, { type: 'image/png' })
  const svg = await qrcode.toString(drawn, { type: 'svg' })
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
}
