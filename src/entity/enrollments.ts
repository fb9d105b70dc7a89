import { isWithin } from '../time/age.js'
import { MAX_ENROLLMENTS, type Entity } from './entity.js'

/** Seconds within which an identity may begin `MAX_ENROLLMENTS` enrollments. */
const PERIOD = 600

/**
 * Seconds until the identity may begin another enrollment; 0 if it may now. A password is enough to enroll,
 * so without a limit it would be enough to keep the store busy with writes.
 */
export function enrollmentWait ({ enrolledAt }: Entity, now: number): number {
  const recent = recentEnrollments(enrolledAt, now)
  const [oldest = now] = recent
  return recent.length < MAX_ENROLLMENTS ? 0 : Math.max(1, oldest + PERIOD - now)
}

/** Counts an enrollment that begins now. */
export function countEnrollment (entity: Entity, now: number): Entity {
  return { ...entity, enrolledAt: [...recentEnrollments(entity.enrolledAt, now), now] }
}

/** The enrollments that still count towards the limit, the oldest first. */
export function recentEnrollments (enrolledAt: readonly number[], now: number): number[] {
  return enrolledAt.filter(at => isWithin(PERIOD - 1, at, now))
}
