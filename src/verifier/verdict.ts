import type { Approval } from '../entity/approvals.js'
import { clearFailures, countFailure } from '../entity/attempts.js'
import type { Attempts, Entity, VerifiedFactor } from '../entity/entity.js'
import { ChallengeDeniedError } from '../errors.js'
import type { Decision, EventDraft, Refused } from './entities.js'
import { granted } from './approval.js'
import type { NewMark, Situation, VerifierContext } from './context.js'

/** Answer of `challenge`. A code that isn't approved is thrown as a refusal. */
export interface Challenged extends NewMark {
  /** Always `approved`: every other outcome is thrown. */
  readonly status: 'approved'
  /** The factor whose code it was, the oldest where several have it: `YF` and 32 hex digits. */
  readonly factorSid: string
  /** The approval that the session got; null for operators. */
  readonly approval: Approval | null
  /**
   * Whether to ask the user to enroll again, because the option `reenroll` is on and a former provider has
   * the factor.
   */
  readonly reenroll: boolean
}

/** A right code: spent in all the factors that have it, the oldest first, and the session approved. */
export function approved (
  context: VerifierContext, { entity, session, now }: Situation,
  used: readonly [VerifiedFactor, ...VerifiedFactor[]]
): Decision<Challenged> {
  const [oldest] = used
  const afterCode: Entity = {
    ...entity,
    factors: entity.factors.map(factor => used.find(({ sid }) => sid === factor.sid) ?? factor),
    attempts: clearFailures(entity.attempts)
  }
  const { next, approval, mark } = granted(context, { entity: afterCode, session, now }, oldest.sid)
  const reenroll = context.reenroll && context.providers.isFormer(oldest)
  return {
    next,
    answer: { status: 'approved', factorSid: oldest.sid, approval, mark, reenroll },
    events: [{ type: 'challenge.approved', factorSid: oldest.sid }]
  }
}

/** A wrong code, counted. */
export function denied (
  { limits }: VerifierContext, { entity, now }: Situation, factorSid: string | null
): Refused {
  const attempts = countFailure(entity.attempts, limits, now)
  return {
    next: { ...entity, attempts },
    refusal: new ChallengeDeniedError(),
    events: [{ type: 'challenge.denied', factorSid }, ...consequences(entity.attempts, attempts)]
  }
}

/**
 * The events that a failure causes beside itself. While other attempts are pending, their outcome may still
 * lift a lock, so it isn't reported yet.
 */
export function consequences (before: Attempts, { disabledAt, lockedAt, pending }: Attempts): EventDraft[] {
  const disabled: EventDraft = { type: 'identity.disabled', factorSid: null }
  if (disabledAt !== null) return before.disabledAt === null ? [disabled] : []
  return lockedAt !== null && pending.length === 0 ? [{ type: 'identity.locked', factorSid: null }] : []
}
