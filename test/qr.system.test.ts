import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { qrCode } from '../src/qr.js'
import { lacking } from './example/programs.js'
import { bytesOf, LONGEST, URI } from './qr-codes.js'

t.test('a phone reads the URI from the PNG', { skip: lacking('zbarimg') }, async t => {
  const folder = t.testdir()
  for (const uri of [URI, LONGEST]) {
    const file = join(folder, 'code.png')
    writeFileSync(file, bytesOf(await qrCode(uri, 'png'), 'image/png'))
    t.equal(readFrom(file), uri)
  }
})

t.test('a phone reads the URI from the SVG', { skip: lacking('zbarimg', 'rsvg-convert') }, async t => {
  const folder = t.testdir()
  const svg = join(folder, 'code.svg')
  const png = join(folder, 'code.png')
  writeFileSync(svg, bytesOf(await qrCode(URI, 'svg'), 'image/svg+xml'))
  execFileSync('rsvg-convert', ['--width', '600', '--output', png, svg])
  t.equal(readFrom(png), URI)
})

function readFrom (file: string): string {
  const options = ['-q', '--raw', '-Sdisable', '-Sqrcode.enable']
  return execFileSync('zbarimg', [...options, file], { encoding: 'utf8' }).replace(/\n$/, '')
}
