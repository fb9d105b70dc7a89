/** Picture formats of a QR code. */
export type QrFormat = 'svg' | 'png'

/** A QR code of `text` as a data URI. The library is loaded at the first enrollment, not at boot. */
export async function qrCode (text: string, format: QrFormat): Promise<string> {
  const { default: qrcode } = await import('qrcode')
  if (format === 'png') return await qrcode.toDataURL(text, { type: 'image/png' })
  return `data:image/svg+xml;base64,${Buffer.from(await qrcode.toString(text, { type: 'svg' })).toString('base64')}`
}
