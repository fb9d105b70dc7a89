import fc from 'fast-check'
import t from 'tap'
import { MAX_CREATED, newSid, noAttempts, type TwilioFactor } from '../../src/entity/entity.js'
import {
  creationWait, isSameRemote, isSpent, leftoversOf, markAsked, notCreated, openChallenge, usedFactor,
  verifiedTwilio
} from '../../src/entity/twilio-factor.js'
import { NOW, verifiedFactor } from './documents.js'

const HOUR = 3600
const DAY = 24 * HOUR
const REMOTE = { serviceSid: `VA${'a'.repeat(32)}`, identity: 'somebody', sid: `YF${'b'.repeat(32)}` }
const CHALLENGE = { sid: `YC${'c'.repeat(32)}`, tries: 1, at: NOW }

function twilioFactor (differences: Partial<TwilioFactor> = {}): TwilioFactor {
  const { sealed, lastStep, ...factor } = verifiedFactor()
  return { ...factor, provider: 'twilio', remote: REMOTE, tag: digest('tag'), spent: [], challenge: null, created: [], ...differences }
}

function digest (text: string): string {
  return text.padEnd(43, '_')
}

t.test('a factor that has just been verified has its first code spent', async t => {
  const { lastUsedAt, verifiedAt, spent, challenge, created, ...enrolled } = twilioFactor()
  const unverified = { ...enrolled, hash: null, generation: 7, failures: 2, askedAt: NOW }
  t.strictSame(verifiedTwilio(unverified, digest('first'), NOW + 5), {
    ...enrolled,
    verifiedAt: NOW + 5,
    lastUsedAt: NOW + 5,
    spent: [{ digest: digest('first'), at: NOW + 5 }],
    challenge: null,
    created: []
  })
})

t.test('a pending challenge takes five codes in four minutes', async t => {
  t.equal(openChallenge(twilioFactor(), NOW), null)
  const pending = twilioFactor({ challenge: CHALLENGE })
  t.equal(openChallenge(pending, NOW), CHALLENGE)
  t.equal(openChallenge(pending, NOW + 240), CHALLENGE)
  t.equal(openChallenge(pending, NOW + 241), null)
  t.equal(openChallenge(pending, NOW - 31), null, 'nor one from the future')
  t.not(openChallenge(twilioFactor({ challenge: { ...CHALLENGE, tries: 4 } }), NOW), null)
  t.equal(openChallenge(twilioFactor({ challenge: { ...CHALLENGE, tries: 5 } }), NOW), null)
})

t.test('after fifty challenges in an hour or a hundred in a day, the time to wait is exact', async t => {
  t.equal(creationWait(twilioFactor(), NOW), 0)
  const fifty = twilioFactor({ created: Array.from({ length: 50 }, (_, n) => NOW + n) })
  t.equal(creationWait({ ...fifty, created: fifty.created.slice(1) }, NOW + 50), 0)
  t.equal(creationWait(fifty, NOW + 50), HOUR + 1 - 50)
  t.equal(creationWait(fifty, NOW + HOUR), 1)
  t.equal(creationWait(fifty, NOW + HOUR + 1), 0)
  const hundred = twilioFactor({ created: Array.from({ length: 100 }, (_, n) => NOW + n * 100) })
  t.equal(creationWait(hundred, NOW + 99 * 100), DAY + 1 - 99 * 100)
  t.equal(creationWait(hundred, NOW + DAY), 1)
  t.equal(creationWait(hundred, NOW + DAY + 1), 0)
  t.equal(creationWait(fifty, NOW - HOUR), 0, 'times in the future don\'t count: a clock was wrong')
})

t.test('after the wait a challenge may be created, and never more than Twilio allows', async t => {
  const waits = fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 150, maxLength: 300 })
  t.doesNotThrow(() => fc.assert(fc.property(waits, steps => {
    const all: number[] = []
    let [factor, now] = [twilioFactor(), NOW]
    for (const step of steps) {
      now += step
      const wait = creationWait(factor, now)
      if (wait > DAY) return false
      now += wait
      if (creationWait(factor, now) !== 0) return false
      factor = markAsked(factor, now)
      all.push(now)
      const within = (seconds: number) => all.filter(at => now - at <= seconds).length
      if (within(HOUR) > 50 || within(DAY) > 100) return false
    }
    return factor.created.length <= MAX_CREATED
  }), { numRuns: 50 }))
})

t.test('while Twilio is asked, no other request can reuse the challenge', async t => {
  const reused = markAsked(twilioFactor({ challenge: CHALLENGE, created: [NOW - 5] }), NOW)
  t.match(reused, { challenge: null, created: [NOW - 5] })
  const created = [NOW - DAY - 1, NOW - 5]
  const renewed = markAsked(twilioFactor({ challenge: { ...CHALLENGE, tries: 5 }, created }), NOW)
  t.strictSame([renewed.challenge, renewed.created], [null, [NOW - 5, NOW]])
  const full = markAsked(twilioFactor({ created: Array.from({ length: MAX_CREATED }, () => NOW) }), NOW)
  t.equal(full.created.length, MAX_CREATED)
})

t.test('a challenge that wasn\'t created is uncounted once', async t => {
  const factor = twilioFactor({ created: [NOW, NOW, NOW + 1] })
  t.strictSame(notCreated(factor, NOW).created, [NOW, NOW + 1])
  t.equal(notCreated(factor, NOW + 9), factor)
})

t.test('a code is spent under any of its digests, on its own factor, once accepted or pending', async t => {
  const factor = twilioFactor({ spent: [{ digest: digest('one'), at: NOW }] })
  const attempts = noAttempts(NOW)
  t.equal(isSpent(factor, attempts, [digest('new'), digest('one')]), true)
  t.equal(isSpent(factor, attempts, [digest('two')]), false)
  const pendingOn = (factorSid: string) => ({ ...attempts, pending: [{ id: 'x'.repeat(16), factorSid, digest: digest('two'), at: NOW }] })
  t.equal(isSpent(factor, pendingOn(factor.sid), [digest('new'), digest('two')]), true)
  t.equal(isSpent(factor, pendingOn(newSid('YF')), [digest('two')]), false)
})

t.test('a code stays spent for as long as it can be current, and the last five for ever', async t => {
  const ages = (factor: TwilioFactor) => factor.spent.map(({ at }) => at - NOW)
  const spent = [0, 10, 20, 30, 40, 50].map(age => ({ digest: digest(String(age)), at: NOW + age }))
  const six = twilioFactor({ spent, challenge: CHALLENGE })
  t.strictSame(ages(usedFactor(six, digest('x'), NOW + 210)), [0, 10, 20, 30, 40, 50, 210])
  t.strictSame(ages(usedFactor(six, digest('x'), NOW + 211)), [10, 20, 30, 40, 50, 211])
  t.strictSame(ages(usedFactor(six, digest('x'), NOW + 10 * DAY)), [10, 20, 30, 40, 50, 10 * DAY])
  t.strictSame(ages(usedFactor(six, digest('x'), NOW - DAY)), [0, 10, 20, 30, 40, 50, -DAY], 'a clock that goes back makes no code usable again')
  t.match(usedFactor(six, digest('x'), NOW + 1), { challenge: null, lastUsedAt: NOW + 1 })
  const narrow = { ...six, config: { ...six.config, skew: 0 } }
  t.strictSame(ages(usedFactor(narrow, digest('x'), NOW + 151)), [10, 20, 30, 40, 50, 151])
  const many = twilioFactor({ spent: Array.from({ length: MAX_CREATED }, () => ({ digest: digest('y'), at: NOW })) })
  t.equal(usedFactor(many, digest('x'), NOW).spent.length, MAX_CREATED)
})

t.test('removed factors at Twilio become leftovers, and embedded ones don\'t', async t => {
  const factor = twilioFactor()
  const { sid, tag } = factor
  t.strictSame(leftoversOf([verifiedFactor(), factor]), [{ sid, remote: REMOTE, tag }])
})

t.test('factors at Twilio are compared without regard to case', async t => {
  const upper = { serviceSid: REMOTE.serviceSid.toUpperCase(), identity: 'SomeBody', sid: REMOTE.sid.toUpperCase() }
  t.equal(isSameRemote(REMOTE, upper), true)
  for (const other of [{ ...REMOTE, identity: 'another1' }, { ...REMOTE, sid: newSid('YF') }, { ...REMOTE, serviceSid: `VA${'f'.repeat(32)}` }]) {
    t.equal(isSameRemote(REMOTE, other), false)
  }
})
