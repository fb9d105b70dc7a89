import { approvalOf } from './entity/approvals.js'
import { standing, type AttemptLimits } from './entity/attempts.js'
import type { Entity, StoredApproval } from './entity/entity.js'
import type { Session } from './entity/mark.js'
import {
  ChallengeRequiredError, DisabledError, LockedError, NotEnrolledError, type TotpError
} from './errors.js'
import { checkOptions, integer, oneOf } from './option-checks.js'
import { ownOnly } from './own-property.js'

const ANSWER = oneOf('deny', 'allow')

/** What a route requires of the requests that it lets pass. */
export interface Requirement {
  /** Seconds since the approval, 1 up to the plugin's own `maxAge`. @default the plugin's own `maxAge` */
  readonly maxAge: number
  /** Whether a user without a verified factor may pass: 'deny' answers 403. @default 'deny' */
  readonly unenrolled: 'deny' | 'allow'
}

/** What a guard requires. */
export interface RouteRequirement extends Requirement {
  /**
   * Whether a request may pass for which `identify` returns no user, as for a guard over everything: 'deny'
   * answers 401. @default 'deny'
   */
  readonly anonymous: 'deny' | 'allow'
}

/** Requirements that `requirementOf` returned: each is checked once, not with every request. */
const checked = new WeakSet<object>()

/**
 * Checks what a route requires, and fills in the defaults. A `maxAge` above `most` is refused, and one above
 * the plugin's own, `longest`, counts as that.
 */
export function requirementOf (given: Partial<Requirement>, longest: number, most = longest): Requirement {
  if (isChecked(given)) return given
  checkOptions(given, { maxAge: integer(1, most), unenrolled: ANSWER }, 'required.')
  const { maxAge = longest, unenrolled = 'deny' } = ownOnly(given)
  const requirement = Object.freeze({ maxAge: Math.min(maxAge, longest), unenrolled })
  checked.add(requirement)
  return requirement
}

/** Checks what a guard requires. Strangers are let pass, or not, before the requirement counts. */
export function routeRequirementOf (
  given: Partial<RouteRequirement>, longest: number
): { readonly anonymous: RouteRequirement['anonymous'], readonly requirement: Requirement } {
  checkOptions(given, { maxAge: integer(1, longest), unenrolled: ANSWER, anonymous: ANSWER }, 'required.')
  const { anonymous = 'deny', ...rest } = ownOnly(given)
  return { anonymous, requirement: requirementOf(rest, longest) }
}

function isChecked (requirement: Partial<Requirement>): requirement is Requirement {
  return checked.has(requirement)
}

/** Whether a request may pass. `approval` is null when it passes without one, by `unenrolled: 'allow'`. */
export type GuardDecision =
  | { readonly passes: true, readonly approval: StoredApproval | null }
  | { readonly passes: false, readonly refusal: TotpError }

/** The decision of the guard, from the one entity that it reads. */
export function decideGuard (
  entity: Entity | null, session: Session, requirement: Requirement, limits: AttemptLimits, now: number
): GuardDecision {
  const { maxAge, unenrolled } = requirement
  const approval = entity && approvalOf(entity, session, maxAge, now)
  if (approval !== null) return { passes: true, approval }
  const closed = entity && refusalToJudge(entity, limits, now)
  if (closed !== null) return { passes: false, refusal: closed }
  const enrolled = entity !== null && entity.factors.length > 0
  if (enrolled) return { passes: false, refusal: new ChallengeRequiredError(maxAge) }
  if (unenrolled === 'allow') return { passes: true, approval: null }
  return { passes: false, refusal: new NotEnrolledError() }
}

/** Codes are judged unless the identity is locked or disabled. Returns the refusal, or null. */
export function refusalToJudge ({ attempts }: Entity, limits: AttemptLimits, now: number): TotpError | null {
  const stands = standing(attempts, limits, now)
  if (stands.state === 'disabled') return new DisabledError()
  return stands.state === 'locked' ? new LockedError(stands.retryAfter) : null
}
