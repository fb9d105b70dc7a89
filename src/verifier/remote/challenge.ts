import { isWithdrawn } from '../../entity/approvals.js'
import {
  giveBack, newReservation, releaseAttempt, reserveAttempt, settleFailure, settleUnknown
} from '../../entity/attempts.js'
import type { Attempts, Entity, Reservation, TwilioFactor, VerifiedFactor } from '../../entity/entity.js'
import {
  creationWait, isSameRemote, isSpent, markAsked, notCreated, openChallenge, usedFactor
} from '../../entity/twilio-factor.js'
import {
  ChallengeDeniedError, DisabledError, FactorNotFoundError, LockedError, MalformedError, type TotpError
} from '../../errors.js'
import type { Outcome } from '../../providers/provider.js'
import { tagsOf } from '../../providers/tag.js'
import type { Decision, EventDraft, Refused } from '../entities.js'
import { askForVerdict, providerOf } from './ask.js'
import { sessionOf, type Caller } from '../caller.js'
import { change, type Situation, type VerifierContext } from '../context.js'
import { consequences, denied, type Purpose } from '../verdict.js'

/** An attempt that is counted already, so Twilio may be asked about its code. */
export interface Reserved<T> {
  readonly reservation: Reservation
  readonly factor: TwilioFactor
  readonly code: string
  /** The challenge that a wrong code left pending; null where a new one has to be created. */
  readonly pending: TwilioFactor['challenge']
  /** Whether an embedded factor denied the code already: that counts, however Twilio answers. */
  readonly deniedHere: boolean
  readonly purpose: Purpose<T>
  /** The generation in which Twilio was asked. */
  readonly generation: number
}

/**
 * The only candidate at Twilio whose codes have this length, or null. Throws `MalformedError` when there are
 * several: one code must never start two challenges there. `name` is the client's for the sid of a factor.
 */
export function remoteCandidate (
  candidates: readonly VerifiedFactor[], code: string, name: string
): TwilioFactor | null {
  const [remote, another] = candidates.flatMap(factor =>
    factor.provider === 'twilio' && factor.config.codeLength === code.length ? [factor] : [])
  if (another !== undefined) throw new MalformedError(`${name} is needed: several factors could have this code`)
  return remote ?? null
}

/**
 * Counts the attempt before Twilio is asked. A code that was accepted before, or that another request is
 * asking about, is wrong without asking.
 */
export function reserve<T> (
  context: VerifierContext, situation: Situation,
  { factor, code, candidates, purpose }:
    Pick<Reserved<T>, 'factor' | 'code' | 'purpose'> & { readonly candidates: readonly VerifiedFactor[] }
): Decision<Reserved<T>> {
  const { entity, now } = situation
  const { identity, generation } = entity
  const digests = context.digests(code, { identity: entity.sid, factorSid: factor.sid })
  if (isSpent(factor, entity.attempts, digests)) return denied(context, situation, factor.sid)
  const deniedHere = candidates.some(({ provider, config }) =>
    provider === 'embedded' && config.codeLength === code.length)
  const pending = openChallenge(factor, now)
  try {
    providerOf(context, identity, factor)
    const wait = pending === null ? creationWait(factor, now) : 0
    if (wait > 0) throw new LockedError(wait)
  } catch (error) {
    if (deniedHere) return denied(context, situation, null)
    throw error
  }

  const reservation = newReservation(factor.sid, digests[0], now)
  const attempts = reserveAttempt(entity.attempts, reservation, context.limits, now)
  const next = withFactor({ ...entity, attempts }, markAsked(factor, now))
  return { next, answer: { reservation, factor, code, pending, deniedHere, purpose, generation } }
}

/** Asks Twilio, and records the outcome of the attempt before the caller learns it. */
export async function askAndSettle<T> (
  context: VerifierContext, caller: Caller, reserved: Reserved<T>
): Promise<T> {
  const { reservation: { id, factorSid }, factor: { remote }, code, pending } = reserved
  const session = sessionOf(caller)
  const provider = context.providers.remote(remote.serviceSid)
  const outcome = await askForVerdict(context.timeout, async () =>
    await provider.challenge(remote, code, pending?.sid ?? null))

  return await change(context, caller, (entity, now): Decision<T> => {
    if (entity === null) throw new FactorNotFoundError()
    // The reservation was given up meanwhile, so its outcome must not be used, even if the code was right.
    if (!entity.attempts.pending.some(reservation => reservation.id === id)) throw new ChallengeDeniedError()
    const situation = { entity, session, now }
    const factor = entity.factors.find(({ sid }) => sid === factorSid)
    if (factor?.provider !== 'twilio' || !isSameRemote(factor.remote, remote)) {
      return settleUnjudged(context, situation, reserved, { refusal: new FactorNotFoundError() })
    }
    return settle(context, situation, { ...reserved, factor, outcome })
  }, { codes: true })
}

function settle<T> (
  context: VerifierContext, situation: Situation, reserved: Reserved<T> & { readonly outcome: Outcome }
): Decision<T> {
  const { entity, session, now } = situation
  const { reservation: { id, digest, at }, factor, pending, deniedHere, purpose, outcome } = reserved
  const { attempts } = entity
  const closed = refusalToApprove(situation, reserved)
  switch (outcome.verdict) {
    case 'approved': {
      const [tag] = tagsOf(context, entity.identity, factor.sid, factor.remote)
      const used = { ...usedFactor(factor, digest, now), tag }
      if (closed !== null) return refuse(withFactor(entity, used), settleUnknown(attempts, id), closed)
      const released = { ...entity, attempts: releaseAttempt(attempts, id) }
      return purpose.grant({ entity: released, session, now }, [used])
    }
    case 'denied': {
      const { challengeSid: sid } = outcome
      const tries = (pending?.tries ?? 0) + 1
      const left = sid === null ? factor : { ...factor, challenge: { sid, tries, at: pending?.at ?? at } }
      const after = settleFailure(attempts, id, context.limits, now)
      return refuse(withFactor(entity, left), after, closed ?? new ChallengeDeniedError(), [
        { type: 'challenge.denied', factorSid: factor.sid, method: 'totp' }
      ])
    }
    case 'unjudged': {
      const left = withFactor(entity, pending === null ? notCreated(factor, at) : factor)
      // An attempt that took longer than a lock may belong to a lock that is over: it can't be given back.
      const late = now - at >= context.limits.lockFor
      const isFinal = deniedHere || late
      if (isFinal) return settleUnjudged(context, { ...situation, entity: left }, reserved, outcome)
      return refuse(left, giveBack(attempts, id), outcome.refusal)
    }
    case 'unknown':
      return settleUnjudged(context, situation, reserved, outcome)
    case 'unfit':
      return settleUnjudged(context, situation, reserved, {
        refusal: outcome.refusal,
        events: [{ type: 'provider.refused', factorSid: factor.sid }]
      })
  }
}

/** The attempt stays unknown, unless an embedded factor denied its code: then it was wrong. */
function settleUnjudged (
  { limits }: VerifierContext, { entity, now }: Situation,
  { reservation: { id }, deniedHere }: Pick<Reserved<unknown>, 'reservation' | 'deniedHere'>,
  { refusal, events = [] }: Pick<Refused, 'refusal' | 'events'>
): Refused {
  const { attempts } = entity
  if (!deniedHere) return refuse(entity, settleUnknown(attempts, id), refusal, events)
  const denial: EventDraft = { type: 'challenge.denied', factorSid: null, method: 'totp' }
  return refuse(entity, settleFailure(attempts, id, limits, now), refusal, [denial, ...events])
}

/**
 * A right code approves nothing once challenges were disabled, or the approval was withdrawn, while Twilio
 * was asked. A lock that began after the reservation is no obstacle.
 */
function refusalToApprove (
  { entity, session, now }: Situation, { generation, purpose }: Pick<Reserved<unknown>, 'generation' | 'purpose'>
): TotpError | null {
  if (entity.attempts.disabledAt !== null) return new DisabledError()
  const isVoid = entity.generation !== generation || (session !== null && isWithdrawn(entity, session, now))
  return isVoid ? purpose.refusalOfVoid() : null
}

function refuse (
  entity: Entity, attempts: Attempts, refusal: TotpError, events: readonly EventDraft[] = []
): Refused {
  return {
    next: { ...entity, attempts },
    refusal,
    events: [...events, ...consequences(entity.attempts, attempts)]
  }
}

function withFactor (entity: Entity, factor: TwilioFactor): Entity {
  return { ...entity, factors: entity.factors.map(kept => kept.sid === factor.sid ? factor : kept) }
}
