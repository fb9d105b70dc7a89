import { isWithin } from '../time/age.js'
import { isInForce, LONGEST_REQUEST, type Ages } from './approvals.js'
import { withoutAbandoned } from './attempts.js'
import { recentEnrollments } from './enrollments.js'
import { isRemembered, LONGEST_REMEMBERED } from './browsers.js'
import type { Entity } from './entity.js'
import { dropUnverified, livingUnverified } from './factors.js'
import { isPassInForce } from './recovery-codes.js'

/**
 * Drops what has expired, so the document doesn't grow with its history. Remembered browsers stay while
 * a server may still count them.
 */
export function withoutExpired (entity: Entity, ages: Ages, now: number): Entity {
  const living = livingUnverified(entity, now) === null ? dropUnverified(entity) : entity
  return {
    ...living,
    enrolledAt: recentEnrollments(entity.enrolledAt, now),
    attempts: withoutAbandoned(entity.attempts, now),
    approvals: entity.approvals.filter(approval => isInForce(entity, approval, ages, now)),
    browsers: entity.browsers.filter(browser => isRemembered(entity, browser, LONGEST_REMEMBERED, now)),
    pass: entity.pass !== null && isPassInForce(entity, entity.pass, now) ? entity.pass : null,
    withdrawn: entity.withdrawn.filter(({ at }) => isWithin(LONGEST_REQUEST, at, now))
  }
}
