import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keyUri } from '../src/otp/key-uri.js'
import { encodeSecret } from '../src/otp/secret.js'
import { qrCode } from '../src/qr.js'

const config = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const URI = keyUri({ issuer: 'ACME Co', account: 'john@ex.com', secret: encodeSecret(Buffer.alloc(20, 'seed')), config })
const LONGEST = keyUri({
  issuer: '🔒'.repeat(64),
  account: '🔑'.repeat(64),
  secret: encodeSecret(Buffer.alloc(128, 'seed')),
  config: { ...config, alg: 'sha512', codeLength: 8 }
})

t.test('an SVG is a picture in a data URI, with the secret in no text of it', async t => {
  const bytes = bytesOf(await qrCode(URI, 'svg'), 'image/svg+xml')
  t.match(bytes.toString(), /^<svg [^]*<\/svg>\s*$/)
  t.notMatch(bytes.toString(), /<script|href|secret/)
})

t.test('a PNG is a picture in a data URI', async t => {
  const bytes = bytesOf(await qrCode(URI, 'png'), 'image/png')
  t.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n')
})

t.test('the longest URI that an enrollment makes fits', async t => {
  await t.resolves(qrCode(LONGEST, 'svg'))
  await t.resolves(qrCode(LONGEST, 'png'))
})

t.test('a phone reads the URI from the PNG', { skip: missing('zbarimg') }, async t => {
  const folder = t.testdir()
  for (const uri of [URI, LONGEST]) {
    const file = join(folder, 'code.png')
    writeFileSync(file, bytesOf(await qrCode(uri, 'png'), 'image/png'))
    t.equal(readFrom(file), uri)
  }
})

t.test('a phone reads the URI from the SVG', { skip: missing('zbarimg', 'rsvg-convert') }, async t => {
  const folder = t.testdir()
  const svg = join(folder, 'code.svg')
  const png = join(folder, 'code.png')
  writeFileSync(svg, bytesOf(await qrCode(URI, 'svg'), 'image/svg+xml'))
  execFileSync('rsvg-convert', ['--width', '600', '--output', png, svg])
  t.equal(readFrom(png), URI)
})

function bytesOf (uri: string, type: string): Buffer {
  const prefix = `data:${type};base64,`
  if (!uri.startsWith(prefix)) throw new Error('not a data URI of this type')
  return Buffer.from(uri.slice(prefix.length), 'base64')
}

function readFrom (file: string): string {
  const options = ['-q', '--raw', '-Sdisable', '-Sqrcode.enable']
  return execFileSync('zbarimg', [...options, file], { encoding: 'utf8' }).replace(/\n$/, '')
}

/** Why a test can't run on this machine, or false. */
function missing (...programs: string[]): string | false {
  const absent = programs.filter(program => spawnSync(program, ['--version']).error !== undefined)
  return absent.length > 0 && `needs ${absent.join(' and ')}`
}
