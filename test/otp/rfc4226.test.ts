import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { HOTP, Secret } from 'otpauth'
import t from 'tap'
import type { Alg } from '../../src/otp/hmac.js'
import { hotp, hotpKey } from '../../src/otp/hotp.js'

const SEED = Buffer.from('12345678901234567890')

/** Appendix D: count, decimal value of the truncated HMAC, code. */
const APPENDIX_D = [
  [0, 1284755224, '755224'],
  [1, 1094287082, '287082'],
  [2, 137359152, '359152'],
  [3, 1726969429, '969429'],
  [4, 1640338314, '338314'],
  [5, 868254676, '254676'],
  [6, 1918287922, '287922'],
  [7, 82162583, '162583'],
  [8, 673399871, '399871'],
  [9, 645520489, '520489']
] as const

t.test('the codes are those of RFC 4226 appendix D', async t => {
  const key = hotpKey('sha1', SEED)
  for (const [count, decimal, code] of APPENDIX_D) {
    t.equal(hotp(key, count, 6), code, `count ${count}`)
    t.equal(hotp(key, count, 8), eightDigits(decimal), `eight digits of count ${count}`)
    t.equal(hotp(key, count, 7), eightDigits(decimal).slice(1))
  }
})

t.test('a code keeps its leading zeros', async t => {
  const key = hotpKey('sha1', SEED)
  t.equal(hotp(key, 37037093, 6), '009015')
  t.equal(hotp(key, 37037096, 6), '005833')
})

t.test('the counter has 64 bits', async t => {
  const key = hotpKey('sha1', SEED)
  const counters = [
    2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER
  ]
  for (const counter of counters) {
    t.equal(hotp(key, counter, 8), reference(createSecretKey(SEED), counter, 'sha1', 8), `count ${counter}`)
  }
  t.not(hotp(key, 2 ** 32, 8), '84755224', 'count 2^32 is not count 0')
})

t.test('the codes are those of another library for any secret, counter, hash and length', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(
    fc.uint8Array({ minLength: 16, maxLength: 128 }),
    fc.integer({ min: 0, max: 2 ** 40 }),
    fc.constantFrom<Alg>('sha1', 'sha256', 'sha512'),
    fc.integer({ min: 6, max: 8 }),
    (bytes, counter, alg, codeLength) => {
      const secret = new Secret({ buffer: bytes.slice().buffer })
      const other = new HOTP({ secret, algorithm: alg, digits: codeLength })
      return hotp(hotpKey(alg, bytes), counter, codeLength) === other.generate({ counter })
    })))
})

/** The last eight of the ten digits that a 31-bit number has at most. */
function eightDigits (decimal: number): string {
  return String(decimal).padStart(8, '0').slice(-8)
}

/** Section 5.3 once more, in big integers. */
function reference (key: KeyObject, counter: number, alg: Alg, codeLength: number): string {
  const hex = BigInt(counter).toString(16).padStart(16, '0')
  const digest = createHmac(alg, key).update(Buffer.from(hex, 'hex')).digest()
  const offset = (digest.at(-1) ?? 0) % 16
  const number = BigInt('0x' + digest.toString('hex', offset, offset + 4)) % 2n ** 31n
  return String(number % 10n ** BigInt(codeLength)).padStart(codeLength, '0')
}
