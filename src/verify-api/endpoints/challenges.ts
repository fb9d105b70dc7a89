import type { Change } from '../../documents/documents.js'
import { MAX_CHALLENGES, type EntityDocument, type StoredChallenge, type StoredFactor } from '../records/documents.js'
import { inLastDay, inLastHour, statusAt, withChallenge } from '../records/expiry.js'
import { orNotFound } from '../records/records.js'
import { spendStep, type CodeAttempt } from '../records/secret.js'
import type { Form } from '../wire/form.js'
import { bySerial, readPage } from '../wire/paging.js'
import { code, dateTime, fields, oneOf, required, sid, stringMap, text } from '../wire/parameters.js'
import { refusal } from '../wire/refusal.js'
import { newSid } from '../wire/sid.js'
import { changeEntity, readEntity, sidIn, type VerifyAnswer, type VerifyCall, type VerifyEndpoint } from './endpoint.js'
import { factorOf, withFactor } from './factors.js'
import { challengeResource, urls } from './resources.js'

/** Wrong codes after which a challenge takes no more codes. */
const MAX_WRONG_CODES = 5
/** Challenges that a factor may have within an hour. Within a day it may have `MAX_CHALLENGES`. */
const MAX_CHALLENGES_IN_HOUR = 50
/**
 * Codes of up to this length are guessed so easily that their factors may have fewer challenges within a day.
 */
const SHORT_CODE_LENGTH = 4
const MAX_SHORT_CODE_CHALLENGES_IN_DAY = 10

/** Seconds until a challenge expires if its form doesn't say. */
const DEFAULT_LIFETIME = 300
const MAX_LIFETIME = 3600

const CHALLENGES = '/v2/Services/:service/Entities/:identity/Challenges'

/** The operations on challenges. */
export const challenges: readonly VerifyEndpoint[] = [
  { method: 'POST', path: CHALLENGES, handle: create },
  { method: 'GET', path: CHALLENGES, handle: list },
  { method: 'GET', path: `${CHALLENGES}/:challenge`, handle: fetch },
  { method: 'POST', path: `${CHALLENGES}/:challenge`, handle: update }
]

async function create (call: VerifyCall): Promise<VerifyAnswer> {
  const { keyring, root, form } = call
  const factorSid = required(form, 'FactorSid', sid('YF'))
  const typed = code(form, 'AuthPayload')
  const expiresAt = dateTime(form, 'ExpirationDate')
  const given = {
    sid: newSid('YC'),
    factorSid,
    message: text(256)(form, 'Details.Message') ?? null,
    fields: fields(form, 'Details.Fields'),
    hiddenDetails: stringMap(form, 'HiddenDetails') ?? null
  }

  const body = await changeEntity(call, (entity, now): Change<EntityDocument, object> => {
    const factor = factorOf(entity, factorSid)
    if (factor.status !== 'verified') throw refusal(60318)
    if (isChallengedTooOften(factor, now)) throw refusal(60312)
    requireSoon(form, expiresAt, now)
    const serial = entity.serial + 1
    const challenge = newChallenge({ ...given, serial, expiresAt: expiresAt ?? now + DEFAULT_LIFETIME }, now)
    const counted = { ...factor, challenged: [...inLastDay(factor.challenged, now), now] }
    const judged = judgeCode({ keyring, owner: entity, factor: counted, challenge, code: typed, now })
    const challenges = withChallenge(entity.challenges, judged.challenge, now)
    return {
      next: { ...withFactor(entity, judged.factor), serial, challenges },
      answer: challengeResource(root, entity, judged.challenge, now)
    }
  })
  return { status: 201, body }
}

function requireSoon (form: Form, expiresAt: number | undefined, now: number): void {
  if (expiresAt === undefined || (expiresAt > now && expiresAt <= now + MAX_LIFETIME)) return
  throw form.invalid('ExpirationDate', `must be within the next ${MAX_LIFETIME / 60} minutes`)
}

function newChallenge (
  given: Pick<StoredChallenge, 'sid' | 'serial' | 'factorSid' | 'message' | 'fields' | 'hiddenDetails' | 'expiresAt'>,
  now: number
): StoredChallenge {
  return {
    ...given,
    status: 'pending',
    failures: 0,
    metadata: null,
    createdAt: now,
    updatedAt: now,
    respondedAt: null
  }
}

/** Counts every challenge that was created, also the approved ones. */
function isChallengedTooOften ({ challenged, config }: StoredFactor, now: number): boolean {
  const today = inLastDay(challenged, now).length
  if (config.codeLength <= SHORT_CODE_LENGTH && today >= MAX_SHORT_CODE_CHALLENGES_IN_DAY) return true
  return today >= MAX_CHALLENGES || inLastHour(challenged, now).length >= MAX_CHALLENGES_IN_HOUR
}

async function list (call: VerifyCall): Promise<VerifyAnswer> {
  const { root, query } = call
  const { entity, now } = await readEntity(call)
  const factorSid = sid('YF')(query, 'FactorSid')
  const status = oneOf(['pending', 'expired', 'approved', 'denied'])(query, 'Status')
  const order = oneOf(['asc', 'desc'])(query, 'Order')
  const matching = entity.challenges
    .filter(challenge => factorSid === undefined || challenge.factorSid === factorSid)
    .filter(challenge => status === undefined || statusAt(challenge, now) === status)
  const body = await readPage({
    key: 'challenges',
    ...bySerial(matching, order),
    render: challenge => challengeResource(root, entity, challenge, now)
  }, urls.challenges(root, entity), query, ['FactorSid', 'Status', 'Order'])
  return { status: 200, body }
}

async function fetch (call: VerifyCall): Promise<VerifyAnswer> {
  const { entity, now } = await readEntity(call)
  const challenge = challengeOf(entity, sidIn(call, 'challenge', 'YC'))
  return { status: 200, body: challengeResource(call.root, entity, challenge, now) }
}

async function update (call: VerifyCall): Promise<VerifyAnswer> {
  const { keyring, root, form } = call
  const challengeSid = sidIn(call, 'challenge', 'YC')
  const typed = code(form, 'AuthPayload')
  const metadata = stringMap(form, 'Metadata')

  const body = await changeEntity(call, (entity, now): Change<EntityDocument, object> => {
    const challenge = challengeOf(entity, challengeSid)
    const status = statusAt(challenge, now)
    if (status === 'approved') throw refusal(60322)
    if (status === 'expired') throw refusal(60323)
    const factor = factorOf(entity, challenge.factorSid)
    const changed = { ...challenge, metadata: metadata ?? challenge.metadata, updatedAt: now }
    const judged = judgeCode({ keyring, owner: entity, factor, challenge: changed, code: typed, now })
    const challenges = entity.challenges.map(each => each === challenge ? judged.challenge : each)
    return {
      next: { ...withFactor(entity, judged.factor), challenges },
      answer: challengeResource(root, entity, judged.challenge, now)
    }
  })
  return { status: 200, body }
}

/** A request that may answer a challenge: without a code nothing is judged. */
interface ChallengeAttempt extends Omit<CodeAttempt, 'code'> {
  readonly challenge: StoredChallenge
  readonly code: string | undefined
}

/** Factor and challenge after the request. A wrong code leaves the challenge pending. */
function judgeCode (
  { challenge, code, ...attempt }: ChallengeAttempt
): { readonly factor: StoredFactor, readonly challenge: StoredChallenge } {
  const { factor, now } = attempt
  if (code === undefined) return { factor, challenge }
  if (challenge.failures >= MAX_WRONG_CODES) throw refusal(60308)
  const used = spendStep({ ...attempt, code })
  if (used === null) return { factor, challenge: { ...challenge, failures: challenge.failures + 1 } }
  return { factor: used, challenge: { ...challenge, status: 'approved', respondedAt: now } }
}

function challengeOf (entity: EntityDocument, sid: string): StoredChallenge {
  return orNotFound(entity.challenges.find(challenge => challenge.sid === sid))
}
