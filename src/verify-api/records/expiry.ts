import { isFuture, isWithin } from '../../time/age.js'
import { MAX_CHALLENGES, type EntityDocument, type StoredChallenge } from './documents.js'

const HOUR = 3600
const DAY = 24 * HOUR

/** Seconds within which a factor must be verified. */
const UNVERIFIED_LIFETIME = HOUR

/** The status of a challenge at a given time. */
export type ChallengeStatus = StoredChallenge['status'] | 'expired'

/** The entity without its expired factors: those that weren't verified in time. */
export function withoutExpired (entity: EntityDocument, now: number): EntityDocument {
  const factors = entity.factors.filter(({ status, createdAt }) =>
    status === 'verified' || isWithin(UNVERIFIED_LIFETIME, createdAt, now))
  return { ...entity, factors, created: inLastDay(entity.created, now) }
}

/**
 * The status of a challenge. One that wasn't approved in time has expired, and so has one whose creation lies
 * in the future because the clock was set back.
 */
export function statusAt (
  { status, createdAt, expiresAt }: StoredChallenge, now: number
): ChallengeStatus {
  return status === 'pending' && (expiresAt <= now || isFuture(createdAt, now)) ? 'expired' : status
}

/**
 * Adds a challenge. At the limit the oldest that is no longer pending is dropped, or else the oldest of all.
 */
export function withChallenge (
  challenges: readonly StoredChallenge[], added: StoredChallenge, now: number
): StoredChallenge[] {
  if (challenges.length < MAX_CHALLENGES) return [...challenges, added]
  const done = challenges.findIndex(challenge => statusAt(challenge, now) !== 'pending')
  return [...challenges.toSpliced(Math.max(0, done), 1), added]
}

/** The times less than an hour ago. */
export function inLastHour (times: readonly number[], now: number): number[] {
  return times.filter(at => isWithin(HOUR - 1, at, now))
}

/** The times less than a day ago. */
export function inLastDay (times: readonly number[], now: number): number[] {
  return times.filter(at => isWithin(DAY - 1, at, now))
}
