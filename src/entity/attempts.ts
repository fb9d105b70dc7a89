import { randomBytes } from 'node:crypto'
import { isFuture, isWithin } from '../time/age.js'
import { MAX_PENDING, type Attempts, type Reservation } from './entity.js'

/** How many wrong codes an identity may give before challenges pause or stop. */
export interface AttemptLimits {
  /** Wrong codes in a row that start a lock; each further multiple starts a lock twice as long. */
  readonly lockAfter: number
  /** Seconds that the first lock lasts. */
  readonly lockFor: number
  /** Wrong codes in a row after which challenges are disabled. */
  readonly disableAfter: number
}

/** Whether a code may be judged now. */
export type Standing =
  | { readonly state: 'open' }
  | { readonly state: 'locked', readonly retryAfter: number }
  | { readonly state: 'disabled' }

const LONGEST_LOCK = 3600
/**
 * Each login of the owner clears the count in a row, so an attacker would have `disableAfter` − 1 guesses
 * between any two of them. The tally of all wrong codes stays: it falls by one in six hours, and disables
 * challenges at 100.
 */
const TALLY_LIMIT = 100
const TALLY_DRAIN = 6 * 3600

/**
 * Seconds after which a pending attempt is abandoned: longer than any request waits for store and provider
 * together.
 */
export const PENDING_LIFE = 300

/** Whether a code may be judged at `now`, after these attempts. */
export function standing (attempts: Attempts, limits: AttemptLimits, now: number): Standing {
  if (attempts.disabledAt !== null) return { state: 'disabled' }
  if (attempts.lockedAt === null) return { state: 'open' }
  const duration = lockDuration(lockCount(attempts), limits)
  // Never more than the duration, even if the clock has gone back since the lock began.
  const retryAfter = Math.min(attempts.lockedAt + duration - now, duration)
  return retryAfter > 0 ? { state: 'locked', retryAfter } : { state: 'open' }
}

/** A lock in the future would last for as long as the clock was wrong, so it restarts now. */
export function restartFutureLock (attempts: Attempts, now: number): Attempts {
  if (attempts.lockedAt === null || !isFuture(attempts.lockedAt, now)) return attempts
  return { ...attempts, lockedAt: now }
}

/** Counts a wrong code, which may lock or disable challenges. */
export function countFailure (attempts: Attempts, limits: AttemptLimits, now: number): Attempts {
  return applyCaps(applyLock({ ...attempts, failures: attempts.failures + 1 }, limits, now), limits, now)
}

/** A right code ends the row of wrong ones. The tally stays, and so do pending attempts. */
export function clearFailures (attempts: Attempts): Attempts {
  return { ...attempts, failures: 0, unknown: 0, lockedAt: null }
}

/** A new attempt to reserve. Its random id keeps its outcome from being recorded for another attempt. */
export function newReservation (factorSid: string, digest: string, at: number): Reservation {
  return { id: randomBytes(12).toString('base64url'), factorSid, digest, at }
}

/** Counts an attempt before a remote provider is asked about its code. This may start a lock. */
export function reserveAttempt (
  attempts: Attempts, reservation: Reservation, limits: AttemptLimits, now: number
): Attempts {
  const { pending, unknown } = attempts
  const dropped = Math.max(0, pending.length + 1 - MAX_PENDING)
  const kept = [...pending.slice(dropped), reservation]
  return applyLock({ ...attempts, pending: kept, unknown: unknown + dropped }, limits, now)
}

/** The reserved attempt was a wrong code. The lock counts it already; the caps count it now. */
export function settleFailure (attempts: Attempts, id: string, limits: AttemptLimits, now: number): Attempts {
  const released = releaseAttempt(attempts, id)
  return applyCaps({ ...released, failures: released.failures + 1 }, limits, now)
}

/** The outcome of the reserved attempt is unknown: it counts towards the lock, never towards the caps. */
export function settleUnknown (attempts: Attempts, id: string): Attempts {
  const released = releaseAttempt(attempts, id)
  return { ...released, unknown: released.unknown + 1 }
}

/**
 * The code of the reserved attempt was certainly not judged, so the attempt doesn't count and a lock ends.
 */
export function giveBack (attempts: Attempts, id: string): Attempts {
  return { ...releaseAttempt(attempts, id), lockedAt: null }
}

/** Removes a reservation without counting its outcome. */
export function releaseAttempt (attempts: Attempts, id: string): Attempts {
  return { ...attempts, pending: attempts.pending.filter(reservation => reservation.id !== id) }
}

/** Reservations whose process has died count as attempts with an unknown outcome. */
export function withoutAbandoned (attempts: Attempts, now: number): Attempts {
  const pending = attempts.pending.filter(({ at }) => isWithin(PENDING_LIFE, at, now))
  return { ...attempts, pending, unknown: attempts.unknown + attempts.pending.length - pending.length }
}

/** The attempts that the lock counts: codes that were wrong, or may have been, since the last right one. */
function lockCount ({ failures, unknown, pending }: Attempts): number {
  return failures + unknown + pending.length
}

function applyLock (attempts: Attempts, { lockAfter }: AttemptLimits, now: number): Attempts {
  return { ...attempts, lockedAt: lockCount(attempts) % lockAfter === 0 ? now : null }
}

function applyCaps (attempts: Attempts, { disableAfter }: AttemptLimits, now: number): Attempts {
  const { tally, tallyAt } = drained(attempts, now)
  const disables = attempts.failures >= disableAfter || tally + 1 >= TALLY_LIMIT
  return { ...attempts, tally: tally + 1, tallyAt, disabledAt: disables ? now : attempts.disabledAt }
}

function drained ({ tally, tallyAt }: Attempts, now: number): { tally: number, tallyAt: number } {
  if (tally === 0 || isFuture(tallyAt, now)) return { tally, tallyAt: now }
  const drops = Math.max(0, Math.floor((now - tallyAt) / TALLY_DRAIN))
  return drops < tally
    ? { tally: tally - drops, tallyAt: tallyAt + drops * TALLY_DRAIN }
    : { tally: 0, tallyAt: now }
}

function lockDuration (attempts: number, { lockAfter, lockFor }: AttemptLimits): number {
  const locks = Math.max(1, Math.floor(attempts / lockAfter))
  return Math.min(lockFor * 2 ** (locks - 1), LONGEST_LOCK)
}
