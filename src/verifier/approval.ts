import { newMark, publicApproval, withdraw as withdrawn, type Approval } from '../entity/approvals.js'
import { ChallengeRequiredError } from '../errors.js'
import { passage, type Requirement } from '../guard.js'
import { identityOf, sessionOf, type SessionCaller } from './caller.js'
import { change, type Remark, type VerifierContext } from './context.js'

/**
 * Lets the session pass, or throws why not. Answers the approval, or null where identities without a factor may pass.
 */
export async function check (
  { entities, limits, maxAge, emit }: VerifierContext, caller: SessionCaller, requirement: Partial<Requirement> = {}
): Promise<Approval | null> {
  const session = sessionOf(caller)
  if (session === null) throw new ChallengeRequiredError(maxAge)
  const { identity } = caller
  const { entity, now } = await entities.read(identityOf(identity))
  const passing = passage(entity, session, { maxAge, unenrolled: 'deny', ...requirement }, limits, now)
  if (!passing.passes) throw passing.refusal
  if (passing.approval === null) {
    emit({ type: 'guard.unenrolled', identity, factorSid: null, at: now })
    return null
  }
  return publicApproval(passing.approval, maxAge)
}

/** Takes the session's approval away, and gives it a mark that no request under way has. */
export async function withdraw (context: VerifierContext, caller: SessionCaller): Promise<Remark> {
  const session = sessionOf(caller)
  const answer = { mark: newMark() }
  if (session === null) return { mark: null }
  return await change(context, caller, (entity, now) => {
    if (entity === null || session.mark === null) return { answer }
    return { next: withdrawn(entity, session, answer.mark, now), answer }
  })
}
