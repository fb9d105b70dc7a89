import { isWithin } from '../../time/age.js'
import { PENDING_LIFE } from '../../entity/attempts.js'
import type { UnverifiedTwilio } from '../../entity/entity.js'
import { livingUnverified, ownUnverified, removeUnverified } from '../../entity/factors.js'
import { verifiedTwilio } from '../../entity/twilio-factor.js'
import { ConflictError, EnrollmentEndedError, FactorNotFoundError } from '../../errors.js'
import { hasOwn } from '../../own-property.js'
import type { FirstOutcome } from '../../providers/provider.js'
import { sessionOf, type Caller } from '../caller.js'
import { change, type Situation, type VerifierContext } from '../context.js'
import type { Decision } from '../entities.js'
import { refusalToEnroll } from '../preconditions.js'
import { deniedFirst, verified, type Verified } from '../verified.js'
import { askForVerdict, providerOf } from './ask.js'
import { deleteLeftovers } from './leftovers.js'

/** The first code of this factor is counted already, so Twilio may be asked about it. */
export interface Reserved {
  readonly pending: UnverifiedTwilio
}

/**
 * Counts the attempt, and keeps other requests from asking meanwhile: once Twilio has verified a factor, it
 * may report it as verified whatever the code. For the same reason an attempt with an unknown outcome ends
 * the enrollment.
 */
export function reserveVerification (
  context: VerifierContext, { entity, now }: Situation, unverified: UnverifiedTwilio
): Decision<Reserved> {
  const { askedAt, failures } = unverified
  providerOf(context, entity.identity, unverified)
  if (askedAt !== null && isWithin(PENDING_LIFE, askedAt, now)) throw new ConflictError()
  if (askedAt !== null) throw new EnrollmentEndedError()
  const pending = { ...unverified, askedAt: now, failures: failures + 1 }
  return { next: { ...entity, unverified: pending }, answer: { pending } }
}

/**
 * Asks Twilio where only Twilio can judge the code. Deletes at Twilio the factors that this leaves behind.
 */
export async function finishRemotely (
  context: VerifierContext, caller: Caller, judged: Verified | Reserved, code: string
): Promise<Verified> {
  try {
    return hasOwn(judged, 'pending') ? await askAndSettle(context, caller, judged.pending, code) : judged
  } finally {
    await deleteLeftovers(context, caller)
  }
}

async function askAndSettle (
  context: VerifierContext, caller: Caller, { sid, remote }: UnverifiedTwilio, code: string
): Promise<Verified> {
  const session = sessionOf(caller)
  const provider = context.providers.remote(remote.serviceSid)
  const outcome = await askForVerdict(context.timeout, async () => await provider.verify(remote, code))
  return await change(context, caller, (entity, now): Decision<Verified> => {
    const unverified = entity && livingUnverified(entity, now)
    if (entity === null || unverified?.sid !== sid || unverified.provider !== 'twilio') throw new FactorNotFoundError()
    // The session no longer owns the factor, but Twilio may have verified it: remove it on both sides.
    if (ownUnverified(entity, session, now) === null) {
      return { next: removeUnverified(entity), refusal: new FactorNotFoundError() }
    }
    return settle(context, { entity, session, now }, { pending: unverified, code, outcome })
  }, { codes: true })
}

function settle (
  context: VerifierContext, situation: Situation,
  { pending, code, outcome }: Reserved & { readonly code: string, readonly outcome: FirstOutcome }
): Decision<Verified> {
  const { entity, now } = situation
  const unverified = { ...pending, askedAt: null }
  const removed = removeUnverified(entity)
  switch (outcome.verdict) {
    case 'approved': {
      const refusal = refusalToEnroll(context, situation)
      if (refusal !== null) return { next: removed, refusal }
      const [digest] = context.digests(code, { identity: entity.sid, factorSid: pending.sid })
      return verified(context, situation, verifiedTwilio(pending, digest, now))
    }
    case 'denied':
      return deniedFirst(situation, unverified)
    case 'unjudged':
      return {
        next: { ...entity, unverified: { ...unverified, failures: pending.failures - 1 } },
        refusal: outcome.refusal
      }
    case 'ended':
      return { next: removed, refusal: new EnrollmentEndedError() }
    case 'unknown':
      return { next: removed, refusal: outcome.refusal }
    case 'unfit':
      return {
        next: removed,
        refusal: outcome.refusal,
        events: [{ type: 'provider.refused', factorSid: pending.sid }]
      }
  }
}
