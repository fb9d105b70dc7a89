import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { output } from './programs.js'

/** Reads the QR code in a data URI, as the camera of a phone would. */
export async function scanned (folder: string, qr: string): Promise<URL> {
  const [, kind, data = ''] = /^data:image\/(png|svg\+xml);base64,(.+)$/.exec(qr) ?? []
  const picture = join(folder, 'qr.png')
  await writeFile(join(folder, 'qr'), data, 'base64')
  if (kind === 'png') await writeFile(picture, data, 'base64')
  else output('rsvg-convert', ['--width=600', '--background-color=white', '--output', picture, join(folder, 'qr')])
  return new URL(output('zbarimg', ['-q', '--raw', '-Sdisable', '-Sqrcode.enable', picture]))
}
