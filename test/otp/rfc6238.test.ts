import crypto from 'node:crypto'
import fc from 'fast-check'
import { Secret, TOTP } from 'otpauth'
import t from 'tap'
import type { Alg, HmacKey } from '../../src/otp/hmac.js'
import { hotp, hotpKey, hotpValue } from '../../src/otp/hotp.js'
import type * as Totp from '../../src/otp/totp.js'
import { clockOffset, matchingStep, stepAt, type TotpConfig } from '../../src/otp/totp.js'

const DIGITS = '1234567890'.repeat(7)
/** The seeds of appendix B, as long as the output of each HMAC (erratum 2866). */
const SEEDS = {
  sha1: Buffer.from(DIGITS.slice(0, 20)),
  sha256: Buffer.from(DIGITS.slice(0, 32)),
  sha512: Buffer.from(DIGITS.slice(0, 64))
}
const KEY = hotpKey('sha1', SEEDS.sha1)
const CONFIG: TotpConfig = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 }

/** Appendix B: time, T in hex, and the codes under SHA-1, SHA-256 and SHA-512. */
const APPENDIX_B = [
  [59, '0000000000000001', '94287082', '46119246', '90693936'],
  [1111111109, '00000000023523EC', '07081804', '68084774', '25091201'],
  [1111111111, '00000000023523ED', '14050471', '67062674', '99943326'],
  [1234567890, '000000000273EF07', '89005924', '91819424', '93441116'],
  [2000000000, '0000000003F940AA', '69279037', '90698825', '38618901'],
  [20000000000, '0000000027BC86AA', '65353130', '77737706', '47863826']
] as const

t.test('the codes are those of RFC 6238 appendix B', async t => {
  for (const [time, hex, sha1, sha256, sha512] of APPENDIX_B) {
    const step = stepAt(time, 30)
    t.equal(step.toString(16).toUpperCase().padStart(16, '0'), hex, `T at ${time}`)
    for (const [alg, code] of Object.entries({ sha1, sha256, sha512 })) {
      if (!isAlg(alg)) continue
      const key = hotpKey(alg, SEEDS[alg])
      t.equal(hotp(key, step, 8), code, `${alg} at ${time}`)
      t.equal(matchingStep(key, code, time, { alg, codeLength: 8, timeStep: 30, skew: 0 }), step)
    }
  }
})

t.test('a seed of 20 bytes is neither padded nor repeated for the longer hashes', async t => {
  t.equal(hotp(hotpKey('sha256', SEEDS.sha1), 1, 8), '32247374')
  t.equal(hotp(hotpKey('sha512', SEEDS.sha1), 1, 8), '69342147')
})

t.test('a step beyond 32 bits matches its own code and no other', async t => {
  const far = 2 ** 32 + 5
  const code = hotp(KEY, far, 6)
  t.equal(matchingStep(KEY, code, far * 30, CONFIG), far)
  t.equal(matchingStep(KEY, code, 5 * 30, CONFIG), null)
})

t.test('a window has the step before, the current one and the next, to the edges of the current step', async t => {
  const step = 1_000_000
  const begin = step * 30
  const codeOf = (distance: number) => hotp(KEY, step + distance, 6)
  for (const now of [begin, begin + 15, begin + 29.999]) {
    t.equal(stepAt(now, 30), step)
    for (const distance of [-1, 0, 1]) {
      t.equal(matchingStep(KEY, codeOf(distance), now, CONFIG), step + distance)
    }
    for (const distance of [-3, -2, 2, 3]) t.equal(matchingStep(KEY, codeOf(distance), now, CONFIG), null)
  }
  t.equal(stepAt(begin - 0.001, 30), step - 1)
  t.equal(matchingStep(KEY, codeOf(-2), begin - 0.001, CONFIG), step - 2)
  t.equal(matchingStep(KEY, codeOf(1), begin - 0.001, CONFIG), null)
})

t.test('without skew only the current step has a code', async t => {
  const step = 1_000_000
  const strict = { ...CONFIG, skew: 0 }
  t.equal(matchingStep(KEY, hotp(KEY, step, 6), step * 30, strict), step)
  t.equal(matchingStep(KEY, hotp(KEY, step - 1, 6), step * 30, strict), null)
  t.equal(matchingStep(KEY, hotp(KEY, step + 1, 6), step * 30, strict), null)
})

t.test('no step before 0 is in a window', async t => {
  t.equal(matchingStep(KEY, '755224', 0, CONFIG), 0)
  t.equal(matchingStep(KEY, '287082', 0, CONFIG), 1)
  t.equal(matchingStep(KEY, '000000', 0, CONFIG), null)
})

t.test('of two steps of one window with the same code the highest matches', async t => {
  t.equal(hotp(KEY, 910737, 6), '911617')
  t.equal(hotp(KEY, 910738, 6), '911617')
  for (const current of [910737, 910738]) t.equal(matchingStep(KEY, '911617', current * 30, CONFIG), 910738)
  t.equal(matchingStep(KEY, '911617', 910736 * 30, CONFIG), 910737, 'where the second is not in the window')
  t.equal(hotp(KEY, 153567, 6), '468457')
  t.equal(hotp(KEY, 153569, 6), '468457')
  t.equal(matchingStep(KEY, '468457', 153568 * 30, CONFIG), 153569)
})

t.test('a code with leading zeros has to be typed with exactly these', async t => {
  t.equal(matchingStep(KEY, '009015', 37037093 * 30, CONFIG), 37037093)
  for (const spelling of ['9015', '09015', '0009015', '009015\0', ' 009015', '']) {
    t.equal(matchingStep(KEY, spelling, 37037093 * 30, CONFIG), null, JSON.stringify(spelling))
  }
  for (const sameNumber of ['  9015', '9015  ', '+09015', '9015.0', '0x2337', '9015e0']) {
    t.equal(matchingStep(KEY, sameNumber, 37037093 * 30, CONFIG), null, JSON.stringify(sameNumber))
  }
  t.equal(matchingStep(KEY, '755224\0\0', 0, CONFIG), null)
  t.equal(matchingStep(KEY, '755224', 0, { ...CONFIG, codeLength: 8 }), null)
  t.equal(matchingStep(KEY, String.fromCharCode(...[...'755224'].map(digit => digit.charCodeAt(0) + 256)), 0, CONFIG),
    null, 'no character is cut down to a digit')
})

t.test('the work is the same whatever matches', async t => {
  const calls: string[] = []
  // From where the source of this test is.
  const { matchingStep } = await t.mockImport<typeof Totp>('../../dist/otp/totp.js', {
    '../../dist/otp/hotp.js': {
      hotpValue (key: HmacKey, counter: number, codeLength: number) {
        calls.push('hotpValue')
        return hotpValue(key, counter, codeLength)
      }
    },
    'node:crypto': {
      ...crypto,
      timingSafeEqual (one: Uint32Array, other: Uint32Array) {
        calls.push(`timingSafeEqual ${one.byteLength} ${other.byteLength}`)
        return crypto.timingSafeEqual(one, other)
      }
    }
  })
  const step = 1_000_000
  const codes = [-1, 0, 1].map(distance => hotp(KEY, step + distance, 6))
  const whole = [-1, 0, 1].flatMap(() => ['hotpValue', 'timingSafeEqual 4 4'])
  for (const code of [...codes, '000000', '', '1', '12345', '1234567', '12345678', 'é'.repeat(6), '9'.repeat(1000)]) {
    calls.length = 0
    t.doesNotThrow(() => matchingStep(KEY, code, step * 30, CONFIG))
    t.same(calls, whole, `for ${code.slice(0, 10)}`)
  }
})

t.test('the codes are those of another library for any secret, time and config', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(
    fc.uint8Array({ minLength: 16, maxLength: 64 }),
    fc.integer({ min: 0, max: 253_402_300_799 }),
    fc.record({
      alg: fc.constantFrom<Alg>('sha1', 'sha256', 'sha512'),
      codeLength: fc.integer({ min: 6, max: 8 }),
      timeStep: fc.integer({ min: 15, max: 120 }),
      skew: fc.integer({ min: 0, max: 1 })
    }),
    (bytes, now, config) => {
      const { alg: algorithm, codeLength: digits, timeStep: period, skew: window } = config
      const secret = new Secret({ buffer: bytes.slice().buffer })
      const app = new TOTP({ secret, algorithm, digits, period })
      const key = hotpKey(config.alg, bytes)
      const timestamp = now * 1000
      const step = stepAt(now, period)
      const ours = matchingStep(key, app.generate({ timestamp }), now, config)
      const wrong = '0'.repeat(digits)
      const theirs = app.validate({ token: wrong, timestamp, window })
      return ours !== null && ours >= step && ours <= step + window &&
        (matchingStep(key, wrong, now, config) === null) === (theirs === null)
    })))
})

function isAlg (name: string): name is Alg {
  return name in SEEDS
}

t.test('a code beyond the window tells how far the clock of its app is off, up to the reach', async t => {
  const step = 1_000_000
  for (const skew of [0, 1]) {
    const config = { ...CONFIG, skew }
    for (let distance = -14; distance <= 14; distance++) {
      const code = hotp(KEY, step + distance, 6)
      const isTold = Math.abs(distance) > skew && Math.abs(distance) <= skew + 10
      t.equal(clockOffset(KEY, code, step * 30 + 29, config, 10), isTold ? distance * 30 : null, `${distance} steps, skew ${skew}`)
    }
  }
  t.equal(clockOffset(KEY, hotp(KEY, 100, 6), 0, CONFIG, 10), null, 'no step before the first')
  t.equal(clockOffset(KEY, hotp(KEY, 5, 6), 0, CONFIG, 10), 150)
})
