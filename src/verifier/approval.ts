import {
  approve, hashOf, newMark, publicApproval, withdraw as withdrawn, type Approval, type Session
} from '../entity/approvals.js'
import type { Entity } from '../entity/entity.js'
import { ChallengeRequiredError } from '../errors.js'
import { passage, type Requirement } from '../guard.js'
import { identityOf, sessionOf, type SessionCaller } from './caller.js'
import { change, type NewMark, type VerifierContext } from './context.js'

/**
 * Lets the session pass, or throws why not. Answers the approval, or null where identities without a factor
 * may pass.
 */
export async function check (
  context: VerifierContext, caller: SessionCaller, asked: Partial<Requirement> = {}
): Promise<Approval | null> {
  const { entities, limits, maxAge: longest, emit } = context
  const { maxAge = longest, unenrolled = 'deny' } = asked
  const requirement = { maxAge: Math.min(maxAge, longest), unenrolled }
  const session = sessionOf(caller)
  if (session === null) throw new ChallengeRequiredError(requirement.maxAge)
  const { identity } = caller
  const { document: entity, now } = await entities.read(identityOf(identity))
  const passing = passage(entity, session, requirement, limits, now)
  if (!passing.passes) throw passing.refusal
  if (passing.approval === null) {
    emit({ type: 'guard.unenrolled', identity, factorSid: null, at: now })
    return null
  }
  return publicApproval(passing.approval, longest)
}

/** Takes the session's approval away, and gives it a mark that no request under way has. */
export async function withdraw (context: VerifierContext, caller: SessionCaller): Promise<NewMark> {
  const session = sessionOf(caller)
  if (session === null) return { mark: null }
  const mark = newMark()
  const answer = { mark }
  return await change(context, caller, (entity, now) => {
    if (entity === null || session.hash === null) return { answer }
    return { next: withdrawn(entity, session, hashOf(mark), now), answer }
  })
}

/** What a right code leads to: an approval for the session, none for an operator. */
export interface Granted extends NewMark {
  readonly next: Entity
  readonly approval: Approval | null
}

/** Approves the session, under a mark that nobody has seen yet. */
export function granted (
  { maxAge }: VerifierContext, entity: Entity, session: Session | null, factorSid: string, now: number
): Granted {
  if (session === null) return { next: entity, approval: null, mark: null }
  const mark = newMark()
  const { entity: next, approval } = approve(entity, session, hashOf(mark), factorSid, now)
  return { next, approval: publicApproval(approval, maxAge), mark }
}
