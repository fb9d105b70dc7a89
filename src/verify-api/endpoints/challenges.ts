import type { Keyring } from '../../seal.js'
import type { Change } from '../../stores/documents.js'
import { burnt } from '../records/secret.js'
import { MAX_CHALLENGES, type EntityDocument, type StoredChallenge, type StoredFactor } from '../records/documents.js'
import { changeEntityIn, entityIn, sidIn, type Answer, type Call, type Endpoint } from './endpoint.js'
import { statusAt, withChallenge, withinDay, withinHour } from '../records/expiry.js'
import { factorOf, withFactor } from './factors.js'
import { ofSerials, page } from '../wire/paging.js'
import { code, fields, moment, oneOf, required, sid, strings, text } from '../wire/parameters.js'
import { found } from '../records/records.js'
import { refusal } from '../wire/refusal.js'
import { urls, wireChallenge } from './resources.js'
import { newSid } from '../wire/sid.js'

/** Wrong codes that a challenge may be given. */
const ATTEMPTS = 5
/** Challenges of a factor within an hour; within a day there may be `MAX_CHALLENGES`. */
const HOURLY = 50
/** Codes that are this short are easily guessed: their factors have so few challenges within a day. */
const SHORT = 4
const DAILY_WHEN_SHORT = 10

/** Seconds that a challenge lasts, unless it says otherwise, and at most. */
const LIFE = 300
const LONGEST_LIFE = 3600

const CHALLENGES = '/v2/Services/:service/Entities/:identity/Challenges'

/** The operations on challenges. */
export const challenges: readonly Endpoint[] = [
  { method: 'POST', path: CHALLENGES, handle: create },
  { method: 'GET', path: CHALLENGES, handle: list },
  { method: 'GET', path: `${CHALLENGES}/:challenge`, handle: fetch },
  { method: 'POST', path: `${CHALLENGES}/:challenge`, handle: update }
]

async function create (call: Call): Promise<Answer> {
  const { keyring, place, form } = call
  const factorSid = required(form, 'FactorSid', sid('YF'))
  const typed = code(form, 'AuthPayload')
  const expiresAt = moment(form, 'ExpirationDate')
  const asked = {
    sid: newSid('YC'),
    factorSid,
    message: text(256)(form, 'Details.Message') ?? null,
    fields: fields(form, 'Details.Fields'),
    hiddenDetails: strings(form, 'HiddenDetails') ?? null
  }

  const body = await changeEntityIn(call, (entity, now): Change<EntityDocument, object> => {
    const factor = factorOf(entity, factorSid)
    if (factor.status !== 'verified') throw refusal(60318)
    if (isChallengedTooOften(factor, now)) throw refusal(60312)
    if (expiresAt !== undefined && (expiresAt <= now || expiresAt > now + LONGEST_LIFE)) {
      throw form.invalid('ExpirationDate', `must be within the next ${LONGEST_LIFE / 60} minutes`)
    }
    const serial = entity.serial + 1
    const challenge = newChallenge({ ...asked, serial, expiresAt: expiresAt ?? now + LIFE }, now)
    const counted = { ...factor, challenged: [...withinDay(factor.challenged, now), now] }
    const judged = judge(keyring, entity, counted, challenge, typed, now)
    const challenges = withChallenge(entity.challenges, judged.challenge, now)
    return {
      next: { ...withFactor(entity, judged.factor), serial, challenges },
      answer: wireChallenge(place, entity, judged.challenge, now)
    }
  })
  return { status: 201, body }
}

function newChallenge (
  asked: Pick<StoredChallenge, 'sid' | 'serial' | 'factorSid' | 'message' | 'fields' | 'hiddenDetails' | 'expiresAt'>,
  now: number
): StoredChallenge {
  return {
    ...asked,
    status: 'pending',
    failures: 0,
    metadata: null,
    createdAt: now,
    updatedAt: now,
    respondedAt: null
  }
}

/** All that are created count, also those that were approved. */
function isChallengedTooOften ({ challenged, config }: StoredFactor, now: number): boolean {
  const today = withinDay(challenged, now).length
  if (config.codeLength <= SHORT && today >= DAILY_WHEN_SHORT) return true
  return today >= MAX_CHALLENGES || withinHour(challenged, now).length >= HOURLY
}

async function list (call: Call): Promise<Answer> {
  const { place, query } = call
  const { entity, now } = await entityIn(call)
  const factorSid = sid('YF')(query, 'FactorSid')
  const status = oneOf(['pending', 'expired', 'approved', 'denied'])(query, 'Status')
  const order = oneOf(['asc', 'desc'])(query, 'Order')
  const asked = entity.challenges
    .filter(challenge => factorSid === undefined || challenge.factorSid === factorSid)
    .filter(challenge => status === undefined || statusAt(challenge, now) === status)
  const body = await page({
    key: 'challenges',
    ...ofSerials(asked, order),
    shown: challenge => wireChallenge(place, entity, challenge, now)
  }, urls.challenges(place, entity), query, ['FactorSid', 'Status', 'Order'])
  return { status: 200, body }
}

async function fetch (call: Call): Promise<Answer> {
  const { entity, now } = await entityIn(call)
  const challenge = challengeOf(entity, sidIn(call, 'challenge', 'YC'))
  return { status: 200, body: wireChallenge(call.place, entity, challenge, now) }
}

async function update (call: Call): Promise<Answer> {
  const { keyring, place, form } = call
  const challengeSid = sidIn(call, 'challenge', 'YC')
  const typed = code(form, 'AuthPayload')
  const metadata = strings(form, 'Metadata')

  const body = await changeEntityIn(call, (entity, now): Change<EntityDocument, object> => {
    const challenge = challengeOf(entity, challengeSid)
    const status = statusAt(challenge, now)
    if (status === 'approved') throw refusal(60322)
    if (status === 'expired') throw refusal(60323)
    const factor = factorOf(entity, challenge.factorSid)
    const changed = { ...challenge, metadata: metadata ?? challenge.metadata, updatedAt: now }
    const judged = judge(keyring, entity, factor, changed, typed, now)
    const challenges = entity.challenges.map(each => each === challenge ? judged.challenge : each)
    return {
      next: { ...withFactor(entity, judged.factor), challenges },
      answer: wireChallenge(place, entity, judged.challenge, now)
    }
  })
  return { status: 200, body }
}

interface Judged {
  readonly factor: StoredFactor
  readonly challenge: StoredChallenge
}

/** Factor and challenge after a code, if there is one. A wrong one leaves the challenge pending. */
function judge (
  keyring: Keyring, entity: EntityDocument, factor: StoredFactor, challenge: StoredChallenge,
  typed: string | undefined, now: number
): Judged {
  if (typed === undefined) return { factor, challenge }
  if (challenge.failures >= ATTEMPTS) throw refusal(60308)
  const used = burnt(keyring, entity, factor, typed, now)
  if (used === null) return { factor, challenge: { ...challenge, failures: challenge.failures + 1 } }
  return { factor: used, challenge: { ...challenge, status: 'approved', respondedAt: now } }
}

function challengeOf (entity: EntityDocument, sid: string): StoredChallenge {
  return found(entity.challenges.find(challenge => challenge.sid === sid))
}
