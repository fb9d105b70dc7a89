import { isFuture, isWithin } from '../../entity/age.js'
import { MAX_CHALLENGES, type EntityDocument, type StoredChallenge } from './documents.js'

const HOUR = 3600
const DAY = 24 * HOUR

/** Seconds that an unverified factor lives. */
const UNVERIFIED_LIFE = HOUR

/** What a challenge is at a moment. */
export type ChallengeStatus = StoredChallenge['status'] | 'expired'

/** The entity without the factors that nobody has verified in time. */
export function living (entity: EntityDocument, now: number): EntityDocument {
  const factors = entity.factors.filter(({ status, createdAt }) =>
    status === 'verified' || isWithin(UNVERIFIED_LIFE, createdAt, now))
  return { ...entity, factors, created: withinDay(entity.created, now) }
}

/**
 * What a challenge is by now: one that nobody has answered in time has expired, and so has one of a clock
 * that has gone back since.
 */
export function statusAt (
  { status, createdAt, expiresAt }: StoredChallenge, now: number
): ChallengeStatus {
  return status === 'pending' && (expiresAt <= now || isFuture(createdAt, now)) ? 'expired' : status
}

/** The challenges with one more. The oldest that are of no use any more make room, then the oldest of all. */
export function withChallenge (
  challenges: readonly StoredChallenge[], added: StoredChallenge, now: number
): StoredChallenge[] {
  if (challenges.length < MAX_CHALLENGES) return [...challenges, added]
  const done = challenges.findIndex(challenge => statusAt(challenge, now) !== 'pending')
  return [...challenges.toSpliced(Math.max(0, done), 1), added]
}

/** Those of some moments that were less than an hour ago. */
export function withinHour (moments: readonly number[], now: number): number[] {
  return moments.filter(at => isWithin(HOUR - 1, at, now))
}

/** Those of some moments that were less than a day ago. */
export function withinDay (moments: readonly number[], now: number): number[] {
  return moments.filter(at => isWithin(DAY - 1, at, now))
}
