import {
  approvalOf, hashOf, newMark, publicApproval, withdraw, type Approval, type Session
} from '../entity/approvals.js'
import type { Entity, UnverifiedFactor, VerifiedFactor } from '../entity/entity.js'
import { publicFactor, removeUnverified, removeVerified, type Factor } from '../entity/factors.js'
import { FactorNotFoundError, StoreError, TotpError } from '../errors.js'
import type { Decision, Happening } from './entities.js'
import { identityOf, sessionOf, type Caller } from './caller.js'
import { change, ownUnverified, stalenessOf, type NewMark, type VerifierContext } from './context.js'
import { requireFriendlyName } from './enrollment.js'
import { sweep } from './remote/leftovers.js'

/** Answer of `factors`. */
export interface Factors {
  /** Verified ones in the order of their verification, then the unverified one, if it is this session's. */
  readonly factors: readonly Factor[]
  /** Null when this session has no approval. */
  readonly approval: Approval | null
}

/** The factors that the caller may know of. */
export async function factors ({ entities, maxAge }: VerifierContext, caller: Caller): Promise<Factors> {
  const session = sessionOf(caller)
  const { document: entity, now } = await entities.read(identityOf(caller.identity))
  if (entity === null) return { factors: [], approval: null }
  const unverified = ownUnverified(entity, session, now)
  const approval = session && approvalOf(entity, session, maxAge, now)
  return {
    factors: [...entity.factors, ...(unverified === null ? [] : [unverified])].map(publicFactor),
    approval: approval && publicApproval(approval, maxAge)
  }
}

/** Gives a factor another name. */
export async function rename (
  context: VerifierContext, caller: Caller, sid: string, friendlyName: string
): Promise<Factor> {
  const session = sessionOf(caller)
  requireFriendlyName(friendlyName)
  return await change(context, caller, (entity, now) => {
    if (entity === null) throw new FactorNotFoundError()
    const factor = requireFactor(context, entity, session, sid, now)
    const renamed = { ...factor, friendlyName }
    return 'verifiedAt' in renamed
      ? {
          next: { ...entity, factors: entity.factors.map(factor => factor.sid === sid ? renamed : factor) },
          answer: publicFactor(renamed)
        }
      : { next: { ...entity, unverified: renamed }, answer: publicFactor(renamed) }
  })
}

/**
 * Removes a factor. With a verified one go all approvals of the identity, this session's too. What Twilio has
 * of it is deleted there; where that failed before, it is what a repetition does.
 */
export async function remove (context: VerifierContext, caller: Caller, sid: string): Promise<NewMark> {
  const { mark, leftover, repeated } = await removed(context, caller, sid)
  const failure = leftover ? await sweep(context, caller.identity, sid) : null
  if (repeated && failure !== null) throw failure instanceof TotpError ? failure : new StoreError(failure)
  return { mark }
}

/** A removal that has won. */
interface Removed extends NewMark {
  /** Whether Twilio still has the factor. */
  readonly leftover: boolean
  /** Whether it was removed before. */
  readonly repeated: boolean
}

async function removed (context: VerifierContext, caller: Caller, sid: string): Promise<Removed> {
  const session = sessionOf(caller)
  const mark = newMark()
  return await change(context, caller, (entity, now): Decision<Removed> => {
    if (entity === null) throw new FactorNotFoundError()
    if (entity.leftovers.some(leftover => leftover.sid === sid)) {
      // Whoever removed the last factor has lost every approval, and may finish it; others have to show
      // theirs.
      const stale = entity.factors.length > 0 ? stalenessOf(context, entity, session, now) : null
      if (stale !== null) throw stale
      return { answer: { mark: null, leftover: true, repeated: true } }
    }
    const factor = requireFactor(context, entity, session, sid, now)
    const answer = { mark: null, leftover: factor.provider === 'twilio', repeated: false }
    const events: Happening[] = [{ type: 'factor.deleted', factorSid: sid }]
    if (!('verifiedAt' in factor)) return { next: removeUnverified(entity), answer, events }
    const next = removeVerified(entity, [sid])
    if (session === null) return { next, answer, events }
    return { next: withdraw(next, session, hashOf(mark), now), answer: { ...answer, mark }, events }
  })
}

/** The factor of this sid, if the caller may change it: a verified one takes a fresh approval. */
function requireFactor (
  context: VerifierContext, entity: Entity, session: Session | null, sid: string, now: number
): VerifiedFactor | UnverifiedFactor {
  const unverified = ownUnverified(entity, session, now)
  if (unverified?.sid === sid) return unverified
  const factor = entity.factors.find(factor => factor.sid === sid)
  if (factor === undefined) throw new FactorNotFoundError()
  const stale = stalenessOf(context, entity, session, now)
  if (stale !== null) throw stale
  return factor
}
