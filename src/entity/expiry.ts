import { isWithin } from '../time/age.js'
import { isInForce, LONGEST_REQUEST } from './approvals.js'
import { withoutAbandoned } from './attempts.js'
import { recentEnrollments } from './enrollments.js'
import type { Entity } from './entity.js'
import { dropUnverified, livingUnverified } from './factors.js'

/** Drops what has expired, so the document doesn't grow with its history. */
export function withoutExpired (entity: Entity, maxAge: number, now: number): Entity {
  const living = livingUnverified(entity, now) === null ? dropUnverified(entity) : entity
  return {
    ...living,
    enrolledAt: recentEnrollments(entity.enrolledAt, now),
    attempts: withoutAbandoned(entity.attempts, now),
    approvals: entity.approvals.filter(approval => isInForce(entity, approval, maxAge, now)),
    withdrawn: entity.withdrawn.filter(({ at }) => isWithin(LONGEST_REQUEST, at, now))
  }
}
