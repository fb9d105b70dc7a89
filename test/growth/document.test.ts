import { randomBytes, randomInt } from 'node:crypto'
import t from 'tap'
import {
  MAX_BROWSERS, MAX_PENDING, MAX_CREATED, MAX_FACTORS, MAX_LEFTOVERS, MAX_FORMER_MARKS, MAX_RECOVERY_CODES,
  MAX_SESSIONS, newSid
} from '../../src/entity/entity.js'
import type { EntityStore } from '../../src/index.js'
import { randomFrom, type Random } from '../../src/testing/store-suite/random.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import { times } from '../thoroughness.js'
import { fullestEmbedded, fullestTwilio, IDENTITY, NAME, withoutPast } from './fullest.js'
import { live, OPERATOR, refusalOf, type Living, type Phones } from './life.js'
import { phonesOf, twilioLike } from './twilio-like.js'
import { keyring, verifierOn } from './verifier.js'
import { bytesOf, watchedStore } from './watched-store.js'

const START = 1_800_000_000
const MONTH = 30 * 86_400
/** Seconds after which no browser is remembered any more. */
const QUARTER = 92 * 86_400
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 32))

t.comment(`SEED=${SEED}`)

/** A clock that takes this many steps of random length over a month. */
function month (random: Random, operations: number) {
  let time = START
  return {
    now: () => time,
    pass: () => { time += random(Math.floor(2 * MONTH / operations) + 1) },
    wait: (seconds: number) => { time += seconds }
  }
}

t.test('through a month of many operations a document keeps to its caps, and afterwards it is small', async t => {
  const random = randomFrom(SEED)
  const operations = times(100_000, 10_000)
  const { now, pass, wait } = month(random, operations)
  const sealed = keyring.seal(randomBytes(20), { identity: IDENTITY, factorSid: newSid('YF') })
  const fullest = fullestEmbedded(sealed)
  const store = watchedStore(bytesOf(fullest))
  const verifier = verifierOn({ store, clock: now })

  const apps = new Map<string, Authenticator>()
  const phones: Phones = {
    add: (sid, secret) => { apps.set(sid, authenticator(secret)) },
    right: sid => apps.get(sid)?.code(now()) ?? '000000',
    // The code of the day before: cheaper than searching for one that is certainly wrong.
    wrong: sid => apps.get(sid)?.code(now() - 86_400) ?? '000000'
  }
  const counts = await live({ verifier, random, phones, operations, now, pass })
  t.comment({ counts, largest: store.largest, bound: bytesOf(fullest), writes: store.writes })
  t.match(store.peaks, {
    factors: MAX_FACTORS,
    approvals: MAX_SESSIONS,
    formerMarks: MAX_FORMER_MARKS,
    withdrawn: MAX_SESSIONS,
    recoveryCodes: MAX_RECOVERY_CODES,
    browsers: MAX_BROWSERS
  }, 'each cap was reached')

  wait(QUARTER)
  await verifier.revoke(IDENTITY)
  const size = bytesOf(store.latest)
  t.ok(size <= bytesOf(withoutPast(fullest)), `${size} bytes at the end`)
})

t.test('the same with factors at Twilio', async t => {
  const random = randomFrom(SEED)
  const operations = times(10_000, 4000)
  const { now, pass, wait } = month(random, operations)
  const fullest = fullestTwilio()
  const store = watchedStore(bytesOf(fullest))
  const twilio = twilioLike(random)
  const verifier = verifierOn({ store, clock: now, remote: twilio })
  const phones = phonesOf(random)

  /** More simultaneous attempts than fit. The operator opens each lock that they cause. */
  async function crowd ({ sids, session }: Living): Promise<void> {
    const release = twilio.hold()
    const attempts: Array<Promise<unknown>> = []
    for (let i = 0; i < MAX_PENDING + 10; i++) {
      const code = i % 10 === 0 ? phones.right('') : phones.wrong('')
      attempts.push(refusalOf(verifier.challenge(session(), { code, factorSid: sids[i % sids.length] })))
      await verifier.unlock(IDENTITY)
    }
    release()
    await Promise.all(attempts)
  }

  /** A rush on one factor: as many logins as Twilio allows in a day. */
  async function rush ({ sids: [factorSid], session }: Living): Promise<void> {
    for (let i = 0; i < MAX_CREATED + 20; i++) {
      wait(100)
      await refusalOf(verifier.challenge(session(), { code: phones.right(''), factorSid }))
      await verifier.unlock(IDENTITY)
    }
  }

  /** More removals than fit, none of which succeeds at Twilio. */
  async function outage ({ remove }: Living): Promise<void> {
    twilio.broken = true
    await remove()
    for (let i = 0; i < MAX_LEFTOVERS + 10; i++) {
      const { factor } = await verifier.enroll(OPERATOR, { friendlyName: NAME })
      await verifier.remove(OPERATOR, factor.sid)
    }
    twilio.broken = false
  }

  const incidents = [crowd, rush, outage]
  const counts = await live({ verifier, random, phones, operations, now, pass, incidents })
  t.comment({ counts, largest: store.largest, bound: bytesOf(fullest), writes: store.writes })
  t.match(store.peaks, {
    factors: MAX_FACTORS,
    approvals: MAX_SESSIONS,
    formerMarks: MAX_FORMER_MARKS,
    withdrawn: MAX_SESSIONS,
    recoveryCodes: MAX_RECOVERY_CODES,
    browsers: MAX_BROWSERS,
    pending: MAX_PENDING,
    leftovers: MAX_LEFTOVERS,
    created: MAX_CREATED
  }, 'each cap was reached')

  wait(QUARTER)
  await verifier.unlock(IDENTITY)
  const { factors } = await verifier.factors(OPERATOR)
  let alive = true
  const dying: EntityStore = {
    get: store.get,
    async replace (...args) {
      if (!alive) throw new Error('the process died after it had asked Twilio')
      alive = false
      return await store.replace(...args)
    }
  }
  const asking = verifierOn({ store: dying, clock: now, remote: twilio })
  const code = phones.right('')
  await t.rejects(asking.challenge(OPERATOR, { code, factorSid: factors[0]?.sid }), { code: 'ERR_TOTP_STORE' })

  wait(QUARTER)
  for (const { sid } of store.latest?.leftovers ?? []) await verifier.remove(OPERATOR, sid)
  for (const { sid } of factors) {
    await refusalOf(verifier.challenge(OPERATOR, { code: phones.right(sid), factorSid: sid }))
  }
  t.same(store.latest?.attempts.pending, [], 'no attempt is pending')
  const size = bytesOf(store.latest)
  t.ok(size <= bytesOf(withoutPast(fullest)), `${size} bytes at the end`)
})
