import type { Approval, Session } from '../entity/approvals.js'
import { isWithin } from '../time/age.js'
import { ASKED_LIFE } from '../entity/attempts.js'
import type {
  Entity, UnverifiedEmbedded, UnverifiedFactor, UnverifiedTwilio, VerifiedFactor
} from '../entity/entity.js'
import {
  addVerified, afterFailure, livingUnverified, publicFactor, removeUnverified, removeVerified,
  verifiedEmbedded, type Factor
} from '../entity/factors.js'
import { verifiedTwilio } from '../entity/twilio-factor.js'
import { ChallengeDeniedError, ConflictError, EnrollmentEndedError, FactorNotFoundError } from '../errors.js'
import { canonicalCode } from '../otp/code.js'
import type { FirstOutcome } from '../providers/provider.js'
import type { Decision, Happening } from './entities.js'
import { granted } from './approval.js'
import { judgedInTime, keeperOf } from './remote/ask.js'
import { sessionOf, type Caller } from './caller.js'
import { change, ownUnverified, requireLength, type NewMark, type VerifierContext } from './context.js'
import { wantOfRoom } from './enrollment.js'
import { sweep } from './remote/leftovers.js'

/** Answer of `verify`. */
export interface Verified extends NewMark {
  /** The factor, verified now. */
  readonly factor: Factor
  /** Null for operators. */
  readonly approval: Approval | null
}

/** Twilio may be asked about the first code of this factor: the attempt is counted already. */
interface Asked {
  readonly asking: UnverifiedTwilio
}

/**
 * Judges a code of the unverified factor. It counts on that factor alone, whether it is right or wrong:
 * otherwise enrolling would be a way around the budget, or a way to use it up.
 */
export async function verify (
  context: VerifierContext, caller: Caller, sid: string, code: string
): Promise<Verified> {
  const session = sessionOf(caller)
  const typed = canonicalCode(code)
  const judged = await change(context, caller, (entity, now): Decision<Verified | Asked> => {
    if (entity === null) throw new FactorNotFoundError()
    const unverified = ownUnverified(entity, session, now)
    if (unverified?.sid !== sid) throw new FactorNotFoundError()
    requireLength(typed, [unverified.config])
    const full = wantOfRoom(context, entity, session, now)
    if (full !== null) throw full
    return unverified.provider === 'embedded'
      ? judgedHere(context, entity, unverified, session, typed, now)
      : reserved(context, entity, unverified, now)
  })
  if (!('asking' in judged) && !context.reenroll) return judged
  try {
    return 'asking' in judged ? await settled(context, caller, judged.asking, typed) : judged
  } finally {
    await sweep(context, caller.identity)
  }
}

function judgedHere (
  context: VerifierContext, entity: Entity, unverified: UnverifiedEmbedded,
  session: Session | null, code: string, now: number
): Decision<Verified> {
  const { step, sealed } = context.providers.embedded.judge(entity.identity, unverified, code, now)
  if (step === null) return denied(entity, { ...unverified, failures: unverified.failures + 1 })
  return verified(context, entity, verifiedEmbedded({ ...unverified, sealed }, step, now), session, now)
}

/**
 * Counts the attempt, and lets nobody else ask meanwhile: Twilio may call a factor verified whatever the
 * code, once it is. For the same reason an attempt whose outcome was never learnt ends the enrollment.
 */
function reserved (
  context: VerifierContext, entity: Entity, unverified: UnverifiedTwilio, now: number
): Decision<Asked> {
  const { askedAt, failures } = unverified
  keeperOf(context, entity.identity, unverified)
  if (askedAt !== null && isWithin(ASKED_LIFE, askedAt, now)) throw new ConflictError()
  if (askedAt !== null) throw new EnrollmentEndedError()
  const asking = { ...unverified, askedAt: now, failures: failures + 1 }
  return { next: { ...entity, unverified: asking }, answer: { asking } }
}

async function settled (
  context: VerifierContext, caller: Caller, { sid, remote }: UnverifiedTwilio, code: string
): Promise<Verified> {
  const session = sessionOf(caller)
  const provider = context.providers.remote(remote.serviceSid)
  const outcome = await judgedInTime(context.timeout, async () => await provider.verify(remote, code))
  return await change(context, caller, (entity, now): Decision<Verified> => {
    const unverified = entity && livingUnverified(entity, now)
    if (entity === null || unverified?.sid !== sid || unverified.provider !== 'twilio') throw new FactorNotFoundError()
    // What is the session's no more, while Twilio may have verified it, is of no use to anybody.
    if (ownUnverified(entity, session, now) === null) {
      return { next: removeUnverified(entity), answer: new FactorNotFoundError() }
    }
    return settlement(context, entity, unverified, session, outcome, code, now)
  })
}

function settlement (
  context: VerifierContext, entity: Entity, asking: UnverifiedTwilio,
  session: Session | null, outcome: FirstOutcome, code: string, now: number
): Decision<Verified> {
  const unverified = { ...asking, askedAt: null }
  const ended = removeUnverified(entity)
  switch (outcome.verdict) {
    case 'approved': {
      const full = wantOfRoom(context, entity, session, now)
      if (full !== null) return { next: ended, answer: full }
      const [digest] = context.digests(code, { identity: entity.identity, factorSid: asking.sid })
      return verified(context, entity, verifiedTwilio(asking, digest, now), session, now)
    }
    case 'denied':
      return denied(entity, unverified)
    case 'unjudged':
      return {
        next: { ...entity, unverified: { ...unverified, failures: asking.failures - 1 } },
        answer: outcome.refusal
      }
    case 'ended':
      return { next: ended, answer: new EnrollmentEndedError() }
    case 'unknown':
      return { next: ended, answer: outcome.refusal }
    case 'unfit':
      return {
        next: ended,
        answer: outcome.refusal,
        events: [{ type: 'provider.refused', factorSid: asking.sid }]
      }
  }
}

/** A wrong code, counted on the factor already. */
function denied (entity: Entity, unverified: UnverifiedFactor): Decision<never> {
  return {
    next: { ...entity, unverified: afterFailure(unverified) },
    answer: new ChallengeDeniedError(),
    events: [{ type: 'challenge.denied', factorSid: unverified.sid }]
  }
}

/** The factor is verified, and where the application says so, those of former providers give way to it. */
function verified (
  context: VerifierContext, entity: Entity, factor: VerifiedFactor, session: Session | null, now: number
): Decision<Verified> {
  const { reenroll, providers: { isFormer } } = context
  const former = reenroll && !isFormer(factor) ? entity.factors.filter(isFormer).map(({ sid }) => sid) : []
  const added = removeVerified(addVerified({ ...entity, unverified: null }, factor), former)
  const { next, approval, mark } = granted(context, added, session, factor.sid, now)
  const deleted: Happening[] = former.map(factorSid => ({ type: 'factor.deleted', factorSid }))
  return {
    next,
    answer: { factor: publicFactor(factor), approval, mark },
    events: [{ type: 'factor.verified', factorSid: factor.sid }, ...deleted]
  }
}
