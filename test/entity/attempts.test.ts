import fc from 'fast-check'
import t from 'tap'
import {
  clearFailures, countFailure, giveBack, newReservation, PENDING_LIFE, releaseAttempt, reserveAttempt,
  restartFutureLock, settleFailure, settleUnknown, standing, withoutAbandoned, type AttemptLimits
} from '../../src/entity/attempts.js'
import { MAX_PENDING, newSid, noAttempts, type Attempts, type Reservation } from '../../src/entity/entity.js'
import { NOW } from './documents.js'

const LIMITS: AttemptLimits = { lockAfter: 5, lockFor: 30, disableAfter: 50 }
const HOUR = 3600
const DAY = 24 * HOUR

t.test('each multiple of 5 wrong codes starts a lock, twice as long each time, up to an hour', async t => {
  const locks = new Map<number, number>()
  let attempts = noAttempts(NOW)
  let now = NOW
  for (let n = 1; n < 50; n++) {
    attempts = countFailure(attempts, LIMITS, now)
    const stands = standing(attempts, LIMITS, now)
    if (stands.state !== 'locked') continue
    locks.set(n, stands.retryAfter)
    t.same(standing(attempts, LIMITS, now + stands.retryAfter - 1), { state: 'locked', retryAfter: 1 })
    now += stands.retryAfter
    t.same(standing(attempts, LIMITS, now), { state: 'open' })
  }
  t.same([...locks], [
    [5, 30], [10, 60], [15, 120], [20, 240], [25, 480], [30, 960], [35, 1920], [40, 3600], [45, 3600]
  ])
})

t.test('other limits lock at their own multiples, for their own duration', async t => {
  const limits = { lockAfter: 1, lockFor: 100, disableAfter: 3 }
  const once = countFailure(noAttempts(NOW), limits, NOW)
  t.same(standing(once, limits, NOW), { state: 'locked', retryAfter: 100 })
  const twice = countFailure(once, limits, NOW + 100)
  t.same(standing(twice, limits, NOW + 100), { state: 'locked', retryAfter: 200 })
  t.same(standing(countFailure(twice, limits, NOW + 300), limits, NOW + 300), { state: 'disabled' })
})

t.test('a lock from before the limits were changed lasts at least as long as the first lock', async t => {
  const attempts = { ...noAttempts(NOW), failures: 2, lockedAt: NOW }
  t.same(standing(attempts, LIMITS, NOW), { state: 'locked', retryAfter: 30 })
})

t.test('50 wrong codes in a row disable challenges for good', async t => {
  let attempts = noAttempts(NOW)
  for (let n = 1; n < 50; n++) attempts = countFailure(attempts, LIMITS, NOW)
  t.not(standing(attempts, LIMITS, NOW).state, 'disabled')
  attempts = countFailure(attempts, LIMITS, NOW)
  t.equal(attempts.disabledAt, NOW)
  for (const later of [0, HOUR, 365 * DAY, 100 * 365 * DAY, -DAY]) {
    t.same(standing(attempts, LIMITS, NOW + later), { state: 'disabled' })
  }
  t.same(standing(clearFailures(attempts), LIMITS, NOW), { state: 'disabled' }, 'not even a right code enables them')
})

t.test('a right code clears the failures and the lock, and leaves the tally', async t => {
  let attempts = noAttempts(NOW)
  for (let n = 1; n <= 5; n++) attempts = countFailure(attempts, LIMITS, NOW)
  t.same(clearFailures(attempts), { ...noAttempts(NOW), tally: 5 })
})

t.test('the next wrong code clears a lock that is over', async t => {
  let attempts = noAttempts(NOW)
  for (let n = 1; n <= 6; n++) attempts = countFailure(attempts, LIMITS, NOW + n * 30)
  t.match(attempts, { failures: 6, lockedAt: null })
})

t.test('100 wrong codes disable challenges, even with a right one after every fourth', async t => {
  let attempts = noAttempts(NOW)
  let wrong = 0
  while (wrong < 1000 && standing(attempts, LIMITS, NOW).state === 'open') {
    attempts = countFailure(attempts, LIMITS, NOW)
    if (++wrong % 4 === 0) attempts = clearFailures(attempts)
  }
  t.equal(wrong, 100)
  t.match(attempts, { tally: 100, disabledAt: NOW })
  t.same(standing(attempts, LIMITS, NOW), { state: 'disabled' })
})

t.test('the tally drains by one in six hours, and no faster when codes are counted meanwhile', async t => {
  const ten = { ...noAttempts(NOW), tally: 10 }
  t.match(countFailure(ten, LIMITS, NOW + 6 * HOUR - 1), { tally: 11, tallyAt: NOW })
  t.match(countFailure(ten, LIMITS, NOW + 6 * HOUR), { tally: 10, tallyAt: NOW + 6 * HOUR })
  t.match(countFailure(ten, LIMITS, NOW + 17 * HOUR), { tally: 9, tallyAt: NOW + 12 * HOUR })
  t.match(countFailure(ten, LIMITS, NOW + 54 * HOUR), { tally: 2, tallyAt: NOW + 54 * HOUR })
  t.match(countFailure(ten, LIMITS, NOW + 60 * HOUR), { tally: 1, tallyAt: NOW + 60 * HOUR })
  t.match(countFailure(ten, LIMITS, NOW + 365 * DAY), { tally: 1, tallyAt: NOW + 365 * DAY }, 'and never below zero')

  let attempts: Attempts = ten
  for (let hours = 5; hours <= 30; hours += 5) attempts = countFailure(attempts, LIMITS, NOW + hours * HOUR)
  t.match(attempts, { tally: 11, tallyAt: NOW + 30 * HOUR }, 'of 16 in 30 hours 5 have drained')
})

t.test('an empty tally begins to drain at the first wrong code', async t => {
  t.match(countFailure(noAttempts(NOW), LIMITS, NOW + 5 * HOUR), { tally: 1, tallyAt: NOW + 5 * HOUR })
})

t.test('a clock that goes back drains nothing, and a tally from the future restarts with its full count', async t => {
  const ten = { ...noAttempts(NOW), tally: 10 }
  t.match(countFailure(ten, LIMITS, NOW - 20), { tally: 11, tallyAt: NOW })
  t.match(countFailure(ten, LIMITS, NOW - DAY), { tally: 11, tallyAt: NOW - DAY })
})

t.test('a lock from the future restarts once', async t => {
  const locked = { ...noAttempts(NOW), failures: 5, lockedAt: NOW }
  t.equal(restartFutureLock(locked, NOW), locked)
  t.equal(restartFutureLock(locked, NOW - 30), locked, 'clocks may differ a little')
  t.equal(restartFutureLock(noAttempts(NOW), NOW - DAY).lockedAt, null)

  const before = NOW - DAY
  t.same(standing(locked, LIMITS, before), { state: 'locked', retryAfter: 30 })
  const restarted = restartFutureLock(locked, before)
  t.same(restarted, { ...locked, lockedAt: before })
  t.equal(restartFutureLock(restarted, before + 10), restarted)
  t.same(standing(restarted, LIMITS, before + 10), { state: 'locked', retryAfter: 20 })
  t.same(standing(restarted, LIMITS, before + 30), { state: 'open' })
})

t.test('retryAfter is never longer than the lock lasts', async t => {
  const locked = { ...noAttempts(NOW), failures: 5, lockedAt: NOW }
  t.same(standing(locked, LIMITS, NOW - 20), { state: 'locked', retryAfter: 30 })
  t.same(standing(locked, LIMITS, NOW + 10 * 365 * DAY), { state: 'open' })
})

t.test('wherever the clock jumps, waiting for retryAfter opens the lock', async t => {
  const jump = fc.integer({ min: -NOW, max: NOW })
  t.doesNotThrow(() => fc.assert(fc.property(fc.integer({ min: 1, max: 49 }), jump, (failures, seconds) => {
    const locked = { ...noAttempts(NOW), failures, lockedAt: NOW }
    const now = NOW + seconds
    const stands = standing(locked, LIMITS, now)
    if (stands.state === 'open') return seconds >= 30
    if (stands.state !== 'locked' || stands.retryAfter < 1 || stands.retryAfter > 3600) return false
    const patient = restartFutureLock(locked, now)
    return standing(patient, LIMITS, Math.max(now, patient.lockedAt ?? 0) + stands.retryAfter).state === 'open'
  })))
})

t.test('an attacker who uses every chance of a year has 50 guesses in a row', async t => {
  t.equal(guessesOfAYear(() => false), 50)
})

t.test('an attacker who guesses between the logins of the owner has little more than 100 guesses a month', async t => {
  for (const every of [1, 3, 4, 5, 7, 49]) {
    const guesses = guessesOfAYear(sinceLogin => sinceLogin === every)
    t.ok(guesses >= 50 && guesses <= 100 + 4 * 365, `${guesses} guesses with a login after every ${every}`)
  }
})

t.test('no history of right and wrong codes allows more than the caps', async t => {
  const act = fc.record({ wait: fc.integer({ min: 0, max: 2 * HOUR }), isRight: fc.boolean() })
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(act, { maxLength: 300, size: 'max' }), acts => {
    let attempts = noAttempts(NOW)
    let now = NOW
    let row = 0
    let wrong = 0
    for (const { wait, isRight } of acts) {
      now += wait
      if (standing(attempts, LIMITS, now).state !== 'open') continue
      attempts = isRight ? clearFailures(attempts) : countFailure(attempts, LIMITS, now)
      row = isRight ? 0 : row + 1
      wrong += isRight ? 0 : 1
      if (row > 50 || wrong > 100 + (now - NOW) / (6 * HOUR)) return false
    }
    return true
  })))
})

t.test('a pending attempt counts towards the lock like a wrong one', async t => {
  let attempts = { ...noAttempts(NOW), failures: 3 }
  attempts = reserved(attempts)
  t.same(standing(attempts, LIMITS, NOW), { state: 'open' })
  attempts = reserved(attempts)
  t.same(standing(attempts, LIMITS, NOW), { state: 'locked', retryAfter: 30 })
  t.match(attempts, { failures: 3, unknown: 0, tally: 0 })
})

t.test('a pending attempt that was wrong counts once, and towards the caps', async t => {
  const afterWrong = (before: Partial<Attempts>) => {
    const attempts = reserved({ ...noAttempts(NOW), ...before })
    return settleFailure(attempts, idIn(attempts), LIMITS, NOW)
  }
  t.same(afterWrong({ failures: 4 }), { ...noAttempts(NOW), failures: 5, tally: 1, lockedAt: NOW })
  t.equal(afterWrong({ failures: 49 }).disabledAt, NOW)
  t.equal(afterWrong({ tally: 99 }).disabledAt, NOW)
})

t.test('an attempt with an unknown outcome counts towards the lock and towards no cap', async t => {
  let attempts: Attempts = { ...noAttempts(NOW), tally: 99, failures: 49 }
  for (let n = 1; n <= 51; n++) {
    attempts = reserved(attempts)
    attempts = settleUnknown(attempts, idIn(attempts))
  }
  t.same(attempts, { ...noAttempts(NOW), failures: 49, unknown: 51, tally: 99, lockedAt: NOW })
})

t.test('an attempt that is given back leaves no trace', async t => {
  const before = { ...noAttempts(NOW), failures: 4, tally: 4 }
  const attempts = reserved(before)
  t.same(giveBack(attempts, idIn(attempts)), before)
})

t.test('a right code leaves pending attempts counted', async t => {
  const attempts = reserved(reserved({ ...noAttempts(NOW), failures: 3, unknown: 7 }))
  t.same(clearFailures(releaseAttempt(attempts, idIn(attempts))), {
    ...noAttempts(NOW), pending: attempts.pending.slice(1)
  })
})

t.test('attempts whose process has died have an unknown outcome', async t => {
  const attempts = reserved(reserved(noAttempts(NOW)), NOW + 10)
  t.same(withoutAbandoned(attempts, NOW + PENDING_LIFE), attempts)
  t.match(withoutAbandoned(attempts, NOW + PENDING_LIFE + 1), { unknown: 1, pending: { length: 1 } })
  t.match(withoutAbandoned(attempts, NOW + PENDING_LIFE + 11), { unknown: 2, pending: { length: 0 } })
  t.match(withoutAbandoned(attempts, NOW - 31), { unknown: 2, pending: { length: 0 } }, 'and so have those of a clock that was wrong')
})

t.test('pending attempts beyond the limit are dropped and stay counted', async t => {
  let attempts = noAttempts(NOW)
  for (let n = 1; n <= MAX_PENDING + 3; n++) attempts = reserved(attempts)
  t.match(attempts, { unknown: 3, pending: { length: MAX_PENDING } })
})

t.test('however attempts overlap, each counts once, and no code is judged during a lock', async t => {
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'reserve', at: 0 } as const) },
    { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('wrong', 'unknown', 'back'), at: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('right'), at: fc.nat(9) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('wait'), at: fc.integer({ min: 1, max: 90 }) }) }
  )
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(act, { maxLength: 150 }), acts => {
    let [attempts, now] = [noAttempts(NOW), NOW]
    let [counted, wrong] = [0, 0]
    const reachedAt = new Map<number, number>()
    for (const { type, at } of acts) {
      attempts = withoutAbandoned(attempts, now)
      const { pending } = attempts
      const reservation = pending[at % Math.max(1, pending.length)]
      if (type === 'wait') {
        now += at
      } else if (type === 'reserve') {
        if (standing(attempts, LIMITS, now).state !== 'open') continue
        const began = reachedAt.get(counted)
        if (began !== undefined && now - began < Math.min(30 * 2 ** (counted / 5 - 1), HOUR)) return false
        attempts = reserved(attempts, now)
        counted++
        if (counted % 5 === 0) reachedAt.set(counted, now)
      } else if (reservation !== undefined) {
        attempts = settled(type, attempts, reservation, now)
        wrong += type === 'wrong' ? 1 : 0
        if (type === 'back') counted--
        if (type === 'right') counted = attempts.pending.length
      }
      const { failures, unknown } = attempts
      if (failures + unknown + attempts.pending.length !== counted) return false
      if (attempts.disabledAt === null && attempts.tally !== wrong) return false
    }
    return true
  }), { numRuns: 300 }))
})

type End = 'wrong' | 'unknown' | 'back' | 'right'

function settled (end: End, attempts: Attempts, { id }: Reservation, now: number): Attempts {
  if (end === 'wrong') return settleFailure(attempts, id, LIMITS, now)
  if (end === 'unknown') return settleUnknown(attempts, id)
  return end === 'back' ? giveBack(attempts, id) : clearFailures(releaseAttempt(attempts, id))
}

function reserved (attempts: Attempts, now = NOW): Attempts {
  return reserveAttempt(attempts, newReservation(newSid('YF'), 'd'.repeat(43), now), LIMITS, now)
}

/** The id of the oldest pending attempt. */
function idIn ({ pending: [first] }: Attempts): string {
  if (first === undefined) throw new Error('no attempt is pending')
  return first.id
}

/** Guesses as soon as one is allowed; the owner logs in when `ownerComes`. */
function guessesOfAYear (ownerComes: (guessesSinceLogin: number) => boolean): number {
  let attempts = noAttempts(NOW)
  let guesses = 0
  let sinceLogin = 0
  for (let now = NOW; now < NOW + 365 * DAY && guesses < 10_000;) {
    const stands = standing(attempts, LIMITS, now)
    if (stands.state === 'disabled') break
    if (stands.state === 'locked') {
      now += stands.retryAfter
      continue
    }
    if (ownerComes(sinceLogin)) {
      attempts = clearFailures(attempts)
      sinceLogin = 0
    }
    attempts = countFailure(attempts, LIMITS, now)
    guesses++
    sinceLogin++
  }
  return guesses
}
