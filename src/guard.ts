import { approvalOf, type Session } from './entity/approvals.js'
import { standing, type AttemptLimits } from './entity/attempts.js'
import type { Entity, StoredApproval } from './entity/entity.js'
import {
  ChallengeRequiredError, DisabledError, LockedError, NotEnrolledError, type TotpError
} from './errors.js'

/** What a route asks of those who pass. */
export interface Requirement {
  /**
   * Seconds that the approval may be old; never more than the plugin's own `maxAge`, which is the default.
   */
  readonly maxAge: number
  /** What happens to identities without a verified factor. */
  readonly unenrolled: 'deny' | 'allow'
}

/** Whether a request may pass, by which approval (null: without one, because it may), and if not, why. */
export type Passage =
  | { readonly passes: true, readonly approval: StoredApproval | null }
  | { readonly passes: false, readonly refusal: TotpError }

/** The decision of the guard, from the one document that it reads. */
export function passage (
  entity: Entity | null, session: Session, requirement: Requirement, limits: AttemptLimits, now: number
): Passage {
  const { maxAge, unenrolled } = requirement
  const approval = entity && approvalOf(entity, session, maxAge, now)
  if (approval !== null) return { passes: true, approval }
  const closed = entity && refusalOf(entity, limits, now)
  if (closed !== null) return { passes: false, refusal: closed }
  const enrolled = entity !== null && entity.factors.length > 0
  if (enrolled) return { passes: false, refusal: new ChallengeRequiredError(maxAge) }
  if (unenrolled === 'allow') return { passes: true, approval: null }
  return { passes: false, refusal: new NotEnrolledError() }
}

/** Why no code of this identity would be judged now, or null when one would. */
export function refusalOf ({ attempts }: Entity, limits: AttemptLimits, now: number): TotpError | null {
  const stands = standing(attempts, limits, now)
  if (stands.state === 'disabled') return new DisabledError()
  return stands.state === 'locked' ? new LockedError(stands.retryAfter) : null
}
