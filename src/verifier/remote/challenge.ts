import { hasEnded, type Session } from '../../entity/approvals.js'
import {
  giveBack, newReservation, releaseAttempt, reserveAttempt, settleFailure, settleUnknown
} from '../../entity/attempts.js'
import type { Attempts, Entity, Reservation, TwilioFactor } from '../../entity/entity.js'
import {
  askedFactor, creationWait, isSameRemote, isSpent, notCreated, openChallenge, usedFactor
} from '../../entity/twilio-factor.js'
import {
  ChallengeDeniedError, ChallengeRequiredError, DisabledError, FactorNotFoundError, LockedError,
  type TotpError
} from '../../errors.js'
import type { Outcome } from '../../providers/provider.js'
import { tagsOf } from '../../providers/tag.js'
import type { Decision, Happening } from '../entities.js'
import { judgedInTime, keeperOf } from './ask.js'
import { sessionOf, type Caller } from '../caller.js'
import { change, type VerifierContext } from '../context.js'
import { approved, consequences, denied, type Challenged } from '../verdict.js'

/** An attempt that is counted already, so that Twilio may be asked about its code. */
export interface Reserved {
  readonly reservation: Reservation
  readonly factor: TwilioFactor
  readonly code: string
  /** The challenge that a wrong code left pending, or null where a new one is to be created. */
  readonly pending: TwilioFactor['challenge']
  /**
   * Whether an embedded factor has judged the code already: that it was wrong there counts, whatever comes.
   */
  readonly guessed: boolean
  /** The generation in which Twilio was asked. */
  readonly generation: number
}

/**
 * Counts the attempt. A code that was accepted before, or is being asked about, is a wrong one without
 * asking.
 */
export function reserved (
  context: VerifierContext, entity: Entity, factor: TwilioFactor, code: string, guessed: boolean, now: number
): Decision<Reserved> {
  const { identity, generation } = entity
  const digests = context.digests(code, { identity, factorSid: factor.sid })
  if (isSpent(factor, entity.attempts, digests)) return denied(context, entity, factor.sid, now)
  const pending = openChallenge(factor, now)
  try {
    keeperOf(context, identity, factor)
    const wait = pending === null ? creationWait(factor, now) : 0
    if (wait > 0) throw new LockedError(wait)
  } catch (error) {
    if (guessed) return denied(context, entity, null, now)
    throw error
  }

  const reservation = newReservation(factor.sid, digests[0], now)
  const attempts = reserveAttempt(entity.attempts, reservation, context.limits, now)
  const next = withFactor({ ...entity, attempts }, askedFactor(factor, now))
  return { next, answer: { reservation, factor, code, pending, guessed, generation } }
}

/** Asks Twilio, and records what became of the attempt before anybody learns it. */
export async function settled (
  context: VerifierContext, caller: Caller, reserved: Reserved
): Promise<Challenged> {
  const { reservation: { id, factorSid }, factor: { remote }, code, pending } = reserved
  const session = sessionOf(caller)
  const provider = context.providers.remote(remote.serviceSid)
  const outcome = await judgedInTime(context.timeout, async () =>
    await provider.challenge(remote, code, pending?.sid ?? null))

  return await change(context, caller, (entity, now): Decision<Challenged> => {
    if (entity === null) throw new FactorNotFoundError()
    // It was given up meanwhile: nobody may use what it turned out to be.
    if (!entity.attempts.asked.some(reservation => reservation.id === id)) throw new ChallengeDeniedError()
    const factor = entity.factors.find(({ sid }) => sid === factorSid)
    if (factor?.provider !== 'twilio' || !isSameRemote(factor.remote, remote)) {
      return lost(context, entity, reserved, new FactorNotFoundError(), now)
    }
    return settlement(context, session, entity, factor, reserved, outcome, now)
  })
}

function settlement (
  context: VerifierContext, session: Session | null, entity: Entity, factor: TwilioFactor,
  reserved: Reserved, outcome: Outcome, now: number
): Decision<Challenged> {
  const { reservation: { id, digest, at }, pending, guessed } = reserved
  const { attempts } = entity
  const closed = closedMeanwhile(context, entity, session, reserved, now)
  switch (outcome.verdict) {
    case 'approved': {
      const [tag] = tagsOf(context, entity.identity, factor.sid, factor.remote)
      const used = { ...usedFactor(factor, digest, now), tag }
      if (closed !== null) return refused(withFactor(entity, used), settleUnknown(attempts, id), closed)
      return approved(context, { ...entity, attempts: releaseAttempt(attempts, id) }, session, [used], now)
    }
    case 'denied': {
      const { challengeSid: sid } = outcome
      const tries = (pending?.tries ?? 0) + 1
      const left = sid === null ? factor : { ...factor, challenge: { sid, tries, at: pending?.at ?? at } }
      const after = settleFailure(attempts, id, context.limits, now)
      return refused(withFactor(entity, left), after, closed ?? new ChallengeDeniedError(), [
        { type: 'challenge.denied', factorSid: factor.sid }
      ])
    }
    case 'unjudged': {
      const left = withFactor(entity, pending === null ? notCreated(factor, at) : factor)
      // What was pending for longer than a lock may have been part of one that is over, and can't be told
      // apart.
      const late = now - at >= context.limits.lockFor
      if (guessed || late) return lost(context, left, reserved, outcome.refusal, now)
      return refused(left, giveBack(attempts, id), outcome.refusal)
    }
    case 'unknown':
      return lost(context, entity, reserved, outcome.refusal, now)
    case 'unfit':
      return lost(context, entity, reserved, outcome.refusal, now, [
        { type: 'provider.refused', factorSid: factor.sid }
      ])
  }
}

/** Nobody will learn whether the code was right, but for an embedded factor, for which it was wrong. */
function lost (
  { limits }: VerifierContext, entity: Entity, { reservation: { id }, guessed }: Reserved,
  answer: TotpError, now: number, events: readonly Happening[] = []
): Decision<never> {
  const { attempts } = entity
  if (!guessed) return refused(entity, settleUnknown(attempts, id), answer, events)
  const denial: Happening = { type: 'challenge.denied', factorSid: null }
  return refused(entity, settleFailure(attempts, id, limits, now), answer, [denial, ...events])
}

/** Why a right code opens nothing any more. A lock that began after the attempt was reserved is no reason. */
function closedMeanwhile (
  { maxAge }: VerifierContext, entity: Entity, session: Session | null, { generation }: Reserved, now: number
): TotpError | null {
  if (entity.attempts.disabledAt !== null) return new DisabledError()
  const ended = entity.generation !== generation || (session !== null && hasEnded(entity, session, now))
  return ended ? new ChallengeRequiredError(maxAge) : null
}

function refused (
  entity: Entity, attempts: Attempts, answer: TotpError, events: readonly Happening[] = []
): Decision<never> {
  return {
    next: { ...entity, attempts },
    answer,
    events: [...events, ...consequences(entity.attempts, attempts)]
  }
}

function withFactor (entity: Entity, factor: TwilioFactor): Entity {
  return { ...entity, factors: entity.factors.map(kept => kept.sid === factor.sid ? factor : kept) }
}
