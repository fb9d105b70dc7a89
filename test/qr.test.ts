import t from 'tap'
import { qrCode } from '../src/qr.js'
import { bytesOf, LONGEST, URI } from './qr-codes.js'

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
