import { approvalOf, keepRecovered, publicApproval, withdraw, type Approval } from '../entity/approvals.js'
import type { UnverifiedFactor, VerifiedFactor } from '../entity/entity.js'
import { ownUnverified, publicFactor, removeUnverified, removeVerified, type Factor } from '../entity/factors.js'
import { hashOf, nextMarkOf } from '../entity/mark.js'
import { FactorNotFoundError, StoreError, TotpError } from '../errors.js'
import { hasOwn } from '../own-property.js'
import type { Decision, EventDraft } from './entities.js'
import { sessionOf, type Caller } from './caller.js'
import { change, type NewMark, type Situation, type VerifierContext } from './context.js'
import { remainingOf } from './recovery.js'
import { refusalOfFriendlyName, refusalWithoutFreshApproval, throwRefusal } from './preconditions.js'
import { deleteLeftovers } from './remote/leftovers.js'

/** Answer of `factors`. */
export interface Factors {
  /**
   * Verified ones in the order of their verification, then the unverified one if this session enrolled it.
   */
  readonly factors: readonly Factor[]
  /** The approval of this session; null when it has none. */
  readonly approval: Approval | null
  /**
   * The recovery codes that are left. Null for a session without an approval, and where the option
   * `recoveryCodes` is 0.
   */
  readonly recovery: { readonly remaining: number } | null
}

/** The factors that the caller may see. */
export async function factors (context: VerifierContext, caller: Caller): Promise<Factors> {
  const session = sessionOf(caller)
  const { document: entity, now } = await context.entities.read(caller)
  if (entity === null) return { factors: [], approval: null, recovery: null }
  const unverified = ownUnverified(entity, session, now)
  const approval = session && approvalOf(entity, session, context, now)
  const isShown = context.recoveryCodes > 0 && (session === null || approval !== null)
  return {
    factors: [...entity.factors, ...(unverified === null ? [] : [unverified])].map(publicFactor),
    approval: approval && publicApproval(approval, context),
    recovery: isShown ? { remaining: remainingOf(context, entity) } : null
  }
}

/** Renames a factor. */
export async function rename (
  context: VerifierContext, caller: Caller, sid: string, friendlyName: string
): Promise<Factor> {
  const session = sessionOf(caller)
  throwRefusal(refusalOfFriendlyName(friendlyName))
  return await change(context, caller, (entity, now) => {
    if (entity === null) throw new FactorNotFoundError()
    const factor = changeableFactor(context, { entity, session, now }, sid)
    const renamed = { ...factor, friendlyName }
    return hasOwn(renamed, 'verifiedAt')
      ? {
          next: { ...entity, factors: entity.factors.map(factor => factor.sid === sid ? renamed : factor) },
          answer: publicFactor(renamed)
        }
      : { next: { ...entity, unverified: renamed }, answer: publicFactor(renamed) }
  })
}

/**
 * Removes a factor. Removing a verified one ends all approvals of the identity, this session's too, unless it
 * came of a recovery code or pass and another verified factor remains. A factor
 * at Twilio is then deleted there; if that failed, calling this again repeats it.
 */
export async function remove (context: VerifierContext, caller: Caller, sid: string): Promise<NewMark> {
  const { mark, isLeftover, isRepeated } = await removeFactor(context, caller, sid)
  const failure = isLeftover ? await deleteLeftovers(context, caller, sid) : null
  if (isRepeated && failure !== null) throw failure instanceof TotpError ? failure : new StoreError(failure)
  return { mark }
}

/** A factor that was removed here. */
interface Removed extends NewMark {
  /** Whether Twilio still has the factor. */
  readonly isLeftover: boolean
  /** Whether it had been removed here before. */
  readonly isRepeated: boolean
}

async function removeFactor (context: VerifierContext, caller: Caller, sid: string): Promise<Removed> {
  const session = sessionOf(caller)
  return await change(context, caller, (entity, now): Decision<Removed> => {
    if (entity === null) throw new FactorNotFoundError()
    const situation = { entity, session, now }
    if (entity.leftovers.some(leftover => leftover.sid === sid)) {
      // Removing the last factor ended the user's approvals, and they may still finish the removal.
      if (entity.factors.length > 0) throwRefusal(refusalWithoutFreshApproval(context, situation))
      return { answer: { mark: null, isLeftover: true, isRepeated: true } }
    }
    const factor = changeableFactor(context, situation, sid)
    const answer = { mark: null, isLeftover: factor.provider === 'twilio', isRepeated: false }
    const events: EventDraft[] = [{ type: 'factor.deleted', factorSid: sid }]
    if (!hasOwn(factor, 'verifiedAt')) return { next: removeUnverified(entity), answer, events }
    const next = removeVerified(entity, [sid])
    const own = session && approvalOf(entity, session, context, now)
    const kept = own === null ? next : keepRecovered(entity, next, own)
    if (session === null || kept !== next) return { next: kept, answer, events }
    const mark = nextMarkOf(session)
    return { next: withdraw(next, session, hashOf(mark), now), answer: { ...answer, mark }, events }
  })
}

/** The factor of this sid, if the caller may change it: a verified one takes a fresh approval. */
function changeableFactor (
  context: VerifierContext, situation: Situation, sid: string
): VerifiedFactor | UnverifiedFactor {
  const { entity, session, now } = situation
  const unverified = ownUnverified(entity, session, now)
  if (unverified?.sid === sid) return unverified
  const factor = entity.factors.find(factor => factor.sid === sid)
  if (factor === undefined) throw new FactorNotFoundError()
  throwRefusal(refusalWithoutFreshApproval(context, situation))
  return factor
}
