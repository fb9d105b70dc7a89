import {
  approve, isWithdrawn, publicApproval, withdraw as withdrawApproval, type Approval, type Proof
} from '../entity/approvals.js'
import type { Entity } from '../entity/entity.js'
import { hashOf, nextMarkOf } from '../entity/mark.js'
import { aboutEntity, ChallengeRequiredError } from '../errors.js'
import { decideGuard, requirementOf, type Passage, type Requirement } from '../guard.js'
import { browserOfCaller, sessionOf, sourceOf, type SessionCaller } from './caller.js'
import type { Decision } from './entities.js'
import { change, type NewMark, type Situation, type VerifierContext } from './context.js'

/**
 * Lets the session pass, or throws why it may not. Resolves its approval or what a remembered browser has in
 * the place of one, or null for an identity without a factor that passes by `unenrolled: 'allow'`.
 */
export async function check (
  context: VerifierContext, caller: SessionCaller, required: Partial<Requirement> = {}
): Promise<Passage | null> {
  const { entities, maxAge: longest, emit } = context
  const requirement = requirementOf(required, longest, Number.MAX_SAFE_INTEGER)
  const session = sessionOf(caller)
  if (session === null) throw new ChallengeRequiredError(requirement.maxAge)
  const { document: entity, now } = await entities.read(caller)
  const sid = entity?.sid ?? null
  const { tokens } = browserOfCaller(caller)
  const passing = decideGuard(context, { entity, session, tokens, now }, requirement)
  if (!passing.passes) throw aboutEntity(passing.refusal, sid)
  if (passing.passage === null) {
    const { identity } = caller
    const event = { type: 'guard.unenrolled', identity, factorSid: null, method: null, by: null, at: now } as const
    emit({ ...event, ...sourceOf(caller) }, sid)
    return null
  }
  return passing.passage
}

/** Withdraws the session's approval, and gives the session a mark that no request under way has. */
export async function withdraw (context: VerifierContext, caller: SessionCaller): Promise<NewMark> {
  const session = sessionOf(caller)
  if (session === null) return { mark: null }
  const mark = nextMarkOf(session)
  const answer = { mark }
  return await change(context, caller, (entity, now): Decision<NewMark> => {
    if (entity === null || session.hash === null) return { answer }
    // Of many requests that withdraw the same mark, one writes.
    if (isWithdrawn(entity, session, now)) return { answer: { mark: null } }
    return { next: withdrawApproval(entity, session, hashOf(mark), now), answer }
  })
}

/** The entity after a right code, and the approval that the session got; an operator gets none. */
export interface Granted extends NewMark {
  readonly next: Entity
  readonly approval: Approval | null
}

/** Approves the session under a new mark, which no other request has seen. */
export function granted (
  context: VerifierContext,
  { entity, session, now }: Situation,
  proof: Proof
): Granted {
  if (session === null) return { next: entity, approval: null, mark: null }
  const mark = nextMarkOf(session)
  const { entity: next, approval } = approve(entity, session, proof, { hash: hashOf(mark), at: now })
  return { next, approval: publicApproval(approval, context), mark }
}
