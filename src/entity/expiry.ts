import { isWithin } from '../time/age.js'
import { holds } from './approvals.js'
import { withoutAbandoned } from './attempts.js'
import type { Entity } from './entity.js'
import { dropUnverified, livingUnverified } from './factors.js'

/** Longest that a request may be under way, in seconds, and still find that its mark was taken away. */
const LONGEST_REQUEST = 3600

/** Leaves out what has expired, so that the document is never larger than what it means. */
export function withoutExpired (entity: Entity, maxAge: number, now: number): Entity {
  const living = livingUnverified(entity, now) === null ? dropUnverified(entity) : entity
  return {
    ...living,
    attempts: withoutAbandoned(entity.attempts, now),
    approvals: entity.approvals.filter(approval => holds(entity, approval, maxAge, now)),
    ended: entity.ended.filter(({ at }) => isWithin(LONGEST_REQUEST, at, now))
  }
}
