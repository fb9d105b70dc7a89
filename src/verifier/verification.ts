import type { UnverifiedEmbedded } from '../entity/entity.js'
import { ownUnverified, verifiedEmbedded } from '../entity/factors.js'
import { FactorNotFoundError } from '../errors.js'
import { canonicalCode } from '../otp/code.js'
import { hasOwn } from '../own-property.js'
import { sessionOf, type Caller } from './caller.js'
import { change, type Situation, type VerifierContext } from './context.js'
import type { Decision } from './entities.js'
import { refusalOfLength, refusalToEnroll, throwRefusal } from './preconditions.js'
import { finishRemotely, reserveVerification, type Reserved } from './remote/verification.js'
import { deniedFirst, verified, type Verified } from './verified.js'

/**
 * Judges a code of the unverified factor. Right or wrong, the code counts on that factor alone: otherwise an
 * attacker could enroll to get around the identity's attempts, or to use them up.
 */
export async function verify (
  context: VerifierContext, caller: Caller, sid: string, code: string
): Promise<Verified> {
  const session = sessionOf(caller)
  const typed = canonicalCode(code)
  const judged = await change(context, caller, (entity, now): Decision<Verified | Reserved> => {
    if (entity === null) throw new FactorNotFoundError()
    const unverified = ownUnverified(entity, session, now)
    if (unverified?.sid !== sid) throw new FactorNotFoundError()
    const situation = { entity, session, now }
    throwRefusal(refusalOfLength(typed, [unverified.config]) ?? refusalToEnroll(context, situation))
    return unverified.provider === 'embedded'
      ? judge(context, situation, unverified, typed)
      : reserveVerification(context, situation, unverified)
  }, { codes: true })
  const isDone = hasOwn(judged, 'factor') && !context.reenroll
  return isDone ? judged : await finishRemotely(context, caller, judged, typed)
}

function judge (
  context: VerifierContext, situation: Situation, unverified: UnverifiedEmbedded, code: string
): Decision<Verified> {
  const { entity: { identity }, now } = situation
  const { embedded } = context.providers
  const { step, sealed } = embedded.judge(identity, unverified, code, now)
  if (step === null) {
    // The session has the secret anyway, so it may learn how far the phone's clock is off.
    const clockOff = embedded.clockOffset(identity, unverified, code, now)
    return deniedFirst(situation, { ...unverified, failures: unverified.failures + 1 }, clockOff)
  }
  return verified(context, situation, verifiedEmbedded({ ...unverified, sealed }, step, now))
}
