import t from 'tap'
import { secondsOf, systemClock } from '../../src/time/clock.js'
import { InvalidOptionError } from '../../src/errors.js'

t.test('the clock of this machine tells Unix seconds', async t => {
  const before = Math.floor(Date.now() / 1000)
  const now = secondsOf(systemClock)
  t.ok(Number.isInteger(now) && now >= before && now <= Math.ceil(Date.now() / 1000))
})

t.test('fractions of a second are ignored', async t => {
  t.equal(secondsOf(() => 1_800_000_000.999), 1_800_000_000)
  t.equal(secondsOf(() => 0), 0)
  t.equal(secondsOf(() => 253_402_300_799), 253_402_300_799)
})

t.test('a clock that can not be right judges nothing', async t => {
  const wrong = [NaN, Infinity, -Infinity, -1, -0.5, Date.now(), 253_402_300_800, Number.MAX_SAFE_INTEGER]
  for (const now of wrong) t.throws(() => secondsOf(() => now), refused, String(now))
})

t.test('a clock that returns something else than a number judges nothing', async t => {
  for (const text of ['null', '"now"', '"1800000000"', '{}', '[]', '[1800000000]', 'true', 'false']) {
    t.throws(() => secondsOf(() => JSON.parse(text)), refused, text)
  }
  for (const now of [undefined, 1_800_000_000n, Symbol('now')]) {
    t.throws(() => Reflect.apply(secondsOf, undefined, [() => now]), typeof now)
  }
})

t.test('a clock that throws judges nothing, and what it says of itself is for the log', async t => {
  const throws = () => { throw new Error('ntp://admin:hunter2@time.example is down') }
  t.throws(() => secondsOf(throws), { ...refused, cause: { message: 'ntp://…@time.example is down' } })
})

const refused = { constructor: InvalidOptionError, code: 'ERR_TOTP_INVALID_OPTION', message: /option "clock"/ }
