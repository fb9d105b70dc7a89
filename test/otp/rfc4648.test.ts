import { base32nopad } from '@scure/base'
import fc from 'fast-check'
import { Secret } from 'otpauth'
import t from 'tap'
import { MalformedError } from '../../src/errors.js'
import { decodeSecret, encodeSecret, newSecret } from '../../src/otp/secret.js'

/** Section 10, without the padding that authenticator apps don't want. */
const SECTION_10 = [
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI']
] as const

/** A good secret of 20 bytes. */
const BYTES = Buffer.from('12345678901234567890')
const TEXT = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

t.test('encoding is that of RFC 4648 section 10', async t => {
  for (const [text, base32] of SECTION_10) t.equal(encodeSecret(Buffer.from(text)), base32)
  t.equal(encodeSecret(BYTES), TEXT)
})

t.test('decoding is that of RFC 4648 section 10, after a prefix that makes the secret long enough', async t => {
  for (const [text, base32] of SECTION_10) {
    t.same(decodeSecret(TEXT + base32), Buffer.concat([BYTES, Buffer.from(text)]))
    t.same(decodeSecret(TEXT + base32 + '='.repeat((8 - base32.length % 8) % 8)), decodeSecret(TEXT + base32))
  }
})

t.test('an encoded secret of 16 to 128 bytes is decoded again', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 128 }), bytes => {
    fc.pre(bytes.some(byte => byte !== bytes[0]))
    const text = encodeSecret(bytes)
    return /^[A-Z2-7]+$/.test(text) && decodeSecret(text).equals(bytes) &&
      Buffer.from(Secret.fromBase32(text).bytes).equals(bytes)
  })))
})

t.test('a secret may be copied in lower case, in groups, and with padding', async t => {
  for (const spelling of [
    TEXT.toLowerCase(), TEXT.replace(/.{4}/g, '$& '), TEXT.replace(/.{4}/g, '$&-'), ` ${TEXT} `,
    TEXT.replace(/.{8}/g, group => `${group.toLowerCase()} - `),
    `${TEXT}\n`, `\t${TEXT}\r\n`, TEXT.replace(/.{4}/g, '$&\u00a0'), `\ufeff${TEXT}`, TEXT.replace(/.{4}/g, '$&\u200b')
  ]) t.same(decodeSecret(spelling), BYTES, spelling)
  t.same(decodeSecret(`${encodeSecret(BYTES.subarray(0, 16))}======`), BYTES.subarray(0, 16))
})

t.test('foreign characters are refused, not replaced', async t => {
  const foreign = [
    '0', '1', '8', '9', '=', '\0', '_', '+', '/', '.', 'Ａ', 'ａ', '２', 'é', 'ı',
    '\u{1d400}'
  ]
  for (const character of foreign) {
    const text = TEXT.slice(0, 8) + character + TEXT.slice(9)
    t.throws(() => decodeSecret(text), { ...malformed, message: FOREIGN }, JSON.stringify(character))
  }
  t.throws(() => decodeSecret(`${'='.repeat(1_000_000)}A`), malformed, 'and that is found out in one go')
  t.throws(() => decodeSecret('ß'.repeat(16)), malformed, 'one that becomes two base32 letters in upper case')
})

t.test('lengths that no bytes encode to are refused', async t => {
  const message = 'secret must be base32: it has a length that is impossible, so a part of it is missing'
  for (const rest of ['A', 'AAA', 'AAAAAA']) t.throws(() => decodeSecret(TEXT + rest), { ...malformed, message }, rest)
})

t.test('stray bits after the last byte are ignored, as authenticator apps do', async t => {
  t.same(decodeSecret(`${TEXT}MY`), Buffer.concat([BYTES, Buffer.from('f')]))
  for (const [rest, bytes] of [['MZ', 'f'], ['MZXR', 'fo'], ['MZXW7', 'foo'], ['MZXW6YR', 'foob']] as const) {
    t.same(decodeSecret(TEXT + rest), Buffer.concat([BYTES, Buffer.from(bytes)]), rest)
  }
  const letters = fc.string({ unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'), minLength: 27, maxLength: 52 })
  t.doesNotThrow(() => fc.assert(fc.property(fc.oneof(letters, letters.map(text => text.slice(0, 26))), text => {
    fc.pre(![1, 3, 6].includes(text.length % 8))
    const secret = decodeSecret(text)
    return secret.length === Math.floor(text.length * 5 / 8) && text.startsWith(encodeSecret(secret).slice(0, -1))
  })), 'letters drawn at random are a secret')
})

t.test('a secret of less than 16 or more than 128 bytes is refused', async t => {
  const wrong = { ...malformed, message: 'secret is too short: it must have at least 16 bytes' }
  for (const [, base32] of SECTION_10) t.throws(() => decodeSecret(base32), wrong, `"${base32}"`)
  t.throws(() => decodeSecret('JBSWY3DPEHPK3PXP'), wrong, '10 bytes')
  t.throws(() => decodeSecret(encodeSecret(BYTES.subarray(0, 15))), wrong, '15 bytes')
  t.equal(decodeSecret(encodeSecret(BYTES.subarray(0, 16))).length, 16)
  t.equal(decodeSecret(encodeSecret(Buffer.alloc(128, 'ab'))).length, 128)
  const long = { ...malformed, message: 'secret is too long: it must have at most 128 bytes' }
  t.throws(() => decodeSecret(encodeSecret(Buffer.alloc(129, 'ab'))), long, '129 bytes')
})

t.test('anything but a string is refused, never converted', async t => {
  for (const secret of [5, null, [TEXT], Object(TEXT), { toString: () => TEXT }]) {
    t.throws(() => decodeSecret(secret), malformed, typeof secret)
  }
})

t.test('one byte repeated is refused', async t => {
  for (const byte of [0x00, 0x61, 0xff]) {
    t.throws(() => decodeSecret(base32nopad.encode(Buffer.alloc(20, byte))), malformed, `byte ${byte}`)
  }
})

t.test('a refusal doesn\'t quote the secret', async t => {
  for (const text of [`${TEXT}0`, `${TEXT}A`, `${TEXT}MZ!`, 'MZXW6YTBOI', TEXT.repeat(7)]) {
    try {
      decodeSecret(text)
      t.fail('accepted')
    } catch (error) {
      t.notMatch(String(error instanceof Error ? error.stack : error), text.slice(0, 8))
    }
  }
})

t.test('a long text is refused in linear time', async t => {
  t.throws(() => decodeSecret('A'.repeat(1_000_000) + '!'), malformed)
  t.throws(() => decodeSecret('='.repeat(1000) + 'A'.repeat(10)), malformed)
})

t.test('a new secret is as long as the output of its HMAC', async t => {
  t.equal(newSecret('sha1').length, 20)
  t.equal(newSecret('sha256').length, 32)
  t.equal(newSecret('sha512').length, 64)
})

t.test('of 10 000 new secrets no two are equal, and no byte is favored', async t => {
  const secrets = Array.from({ length: 10_000 }, () => newSecret('sha1'))
  t.equal(new Set(secrets.map(encodeSecret)).size, 10_000)
  const counts = Array.from({ length: 256 }, () => 0)
  for (const byte of Buffer.concat(secrets)) counts[byte] = (counts[byte] ?? 0) + 1
  const expected = 200_000 / 256
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  t.ok(chiSquare > 130 && chiSquare < 420, 'chi square of 255 degrees of freedom, beyond one in a million')
})

const FOREIGN = 'secret must be base32: it has a character other than A to Z and 2 to 7'
const malformed = { constructor: MalformedError, code: 'FST_ERR_VALIDATION', statusCode: 400 }
