import type { Approval } from '../entity/approvals.js'
import type { UnverifiedFactor, VerifiedFactor } from '../entity/entity.js'
import { addVerified, afterFailure, publicFactor, removeVerified, type Factor } from '../entity/factors.js'
import { ChallengeDeniedError } from '../errors.js'
import { granted } from './approval.js'
import { CREATED, withNewCodes } from './recovery.js'
import type { NewMark, Situation, VerifierContext } from './context.js'
import type { Decision, EventDraft, Refused } from './entities.js'

/** Answer of `verify`. A code that isn't right is thrown as a refusal. */
export interface Verified extends NewMark {
  /** The factor, verified now. */
  readonly factor: Factor
  /** The approval that the session got; null for operators. */
  readonly approval: Approval | null
  /**
   * With the first verified factor, the recovery codes, which are in this answer and nowhere else. Null
   * otherwise, for operators, and where the option `recoveryCodes` is 0.
   */
  readonly recoveryCodes: readonly string[] | null
}

const WRONG_CLOCK = "Your phone's clock is wrong, so its codes don't work. " +
  "Turn on automatic time in your phone's settings, then type the next code."

/** A right first code: the factor is verified. With `reenroll`, it replaces those of former providers. */
export function verified (
  context: VerifierContext, { entity, session, now }: Situation, factor: VerifiedFactor
): Decision<Verified> {
  const { reenroll, providers: { isFormer } } = context
  const former = reenroll && !isFormer(factor) ? entity.factors.filter(isFormer).map(({ sid }) => sid) : []
  const added = removeVerified(addVerified({ ...entity, unverified: null }, factor), former)
  const isFirst = entity.factors.length === 0 && session !== null
  const { entity: covered, codes } = isFirst ? withNewCodes(context, added) : { entity: added, codes: null }
  const proof = { method: 'totp', factorSid: factor.sid } as const
  const { next, approval, mark } = granted(context, { entity: covered, session, now }, proof)
  const deleted: EventDraft[] = former.map(factorSid => ({ type: 'factor.deleted', factorSid }))
  return {
    next,
    answer: { factor: publicFactor(factor), approval, mark, recoveryCodes: codes },
    events: [
      { type: 'factor.verified', factorSid: factor.sid, method: 'totp' },
      ...codes === null ? [] : [CREATED],
      ...deleted
    ]
  }
}

/**
 * A wrong first code, which `unverified.failures` counts already. `clockOff` says how far the app's clock is
 * off; null where that isn't known.
 */
export function deniedFirst (
  { entity }: Situation, unverified: UnverifiedFactor, clockOff: number | null = null
): Refused {
  return {
    next: { ...entity, unverified: afterFailure(unverified) },
    refusal: clockOff === null ? new ChallengeDeniedError() : new ChallengeDeniedError(WRONG_CLOCK, clockOff),
    events: [{ type: 'challenge.denied', factorSid: unverified.sid, method: 'totp' }]
  }
}
