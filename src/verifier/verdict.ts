import type { Approval, Session } from '../entity/approvals.js'
import { clearFailures, countFailure } from '../entity/attempts.js'
import type { Attempts, Entity, VerifiedFactor } from '../entity/entity.js'
import { ChallengeDeniedError } from '../errors.js'
import type { Decision, Happening } from './entities.js'
import { granted } from './approval.js'
import type { NewMark, VerifierContext } from './context.js'

/** Answer of `challenge`: it was approved. All else is thrown. */
export interface Challenged extends NewMark {
  /** There is no other: refusals are thrown. */
  readonly status: 'approved'
  /** The oldest factor whose code it was. */
  readonly factorSid: string
  /** Null for operators. */
  readonly approval: Approval | null
  /** Whether the user should enroll anew, because that factor is of a former provider; see `reenroll`. */
  readonly reenroll: boolean
}

/** A right code, spent in all the factors that it fits, the oldest of them first. */
export function approved (
  context: VerifierContext, entity: Entity, session: Session | null,
  used: readonly [VerifiedFactor, ...VerifiedFactor[]], now: number
): Decision<Challenged> {
  const [oldest] = used
  const spent: Entity = {
    ...entity,
    factors: entity.factors.map(factor => used.find(({ sid }) => sid === factor.sid) ?? factor),
    attempts: clearFailures(entity.attempts)
  }
  const { next, approval, mark } = granted(context, spent, session, oldest.sid, now)
  const reenroll = context.reenroll && context.providers.isFormer(oldest)
  return {
    next,
    answer: { status: 'approved', factorSid: oldest.sid, approval, mark, reenroll },
    events: [{ type: 'challenge.approved', factorSid: oldest.sid }]
  }
}

/** A wrong code, counted in the write that this decision leads to. */
export function denied (
  { limits }: VerifierContext, entity: Entity, factorSid: string | null, now: number
): Decision<never> {
  const attempts = countFailure(entity.attempts, limits, now)
  return {
    next: { ...entity, attempts },
    answer: new ChallengeDeniedError(),
    events: [{ type: 'challenge.denied', factorSid }, ...consequences(entity.attempts, attempts)]
  }
}

/**
 * What a failure led to. While others are under way, a lock may still be lifted by what they turn out to be.
 */
export function consequences (before: Attempts, { disabledAt, lockedAt, asked }: Attempts): Happening[] {
  const disabled: Happening = { type: 'identity.disabled', factorSid: null }
  if (disabledAt !== null) return before.disabledAt === null ? [disabled] : []
  return lockedAt !== null && asked.length === 0 ? [{ type: 'identity.locked', factorSid: null }] : []
}
