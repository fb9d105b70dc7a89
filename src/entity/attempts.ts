import { randomBytes } from 'node:crypto'
import { isFuture, isWithin } from '../time/age.js'
import { MAX_ASKED, type Attempts, type Reservation } from './entity.js'

/** How many wrong codes an identity may give. */
export interface AttemptLimits {
  /** Wrong codes in a row that start a lock; each further multiple starts one twice as long. */
  readonly lockAfter: number
  /** Seconds of the first lock. */
  readonly lockFor: number
  /** Wrong codes in a row after which challenges are disabled. */
  readonly disableAfter: number
}

/** May a code be judged now? */
export type Standing =
  | { readonly state: 'open' }
  | { readonly state: 'locked', readonly retryAfter: number }
  | { readonly state: 'disabled' }

const LONGEST_LOCK = 3600
/**
 * Successes clear the count in a row, which leaves `disableAfter` − 1 guesses between any two log-ins of the
 * owner. So all wrong codes are tallied too: it falls by one in six hours, and disables when it reaches 100.
 */
const TALLY_LIMIT = 100
const TALLY_DRAIN = 6 * 3600

/** Longer than any request waits for the store and the provider together, in seconds. */
export const ASKED_LIFE = 300

/** Where an identity with these attempts stands at `now`. */
export function standing (attempts: Attempts, limits: AttemptLimits, now: number): Standing {
  if (attempts.disabledAt !== null) return { state: 'disabled' }
  if (attempts.lockedAt === null) return { state: 'open' }
  const duration = lockDuration(attemptsOf(attempts), limits)
  // Never more than the duration, however far in the future the lock began: it starts over.
  const retryAfter = Math.min(attempts.lockedAt + duration - now, duration)
  return retryAfter > 0 ? { state: 'locked', retryAfter } : { state: 'open' }
}

/** A lock from the future would last for as long as the clock was wrong: it starts over instead. */
export function restartFutureLock (attempts: Attempts, now: number): Attempts {
  if (attempts.lockedAt === null || !isFuture(attempts.lockedAt, now)) return attempts
  return { ...attempts, lockedAt: now }
}

/** One wrong code more: it may lock, and it may disable. */
export function countFailure (attempts: Attempts, limits: AttemptLimits, now: number): Attempts {
  return atCaps(locking({ ...attempts, failures: attempts.failures + 1 }, limits, now), limits, now)
}

/** A right code ends the row of wrong ones; the tally stays, and so do attempts that are under way. */
export function clearFailures (attempts: Attempts): Attempts {
  return { ...attempts, failures: 0, unknown: 0, lockedAt: null }
}

/** An attempt to be counted, with a name of its own: what becomes of it must not be taken for another's. */
export function newReservation (factorSid: string, digest: string, at: number): Reservation {
  return { id: randomBytes(12).toString('base64url'), factorSid, digest, at }
}

/** Counts an attempt before a remote provider is asked about its code: it may lock. */
export function reserveAttempt (
  attempts: Attempts, reservation: Reservation, limits: AttemptLimits, now: number
): Attempts {
  const { asked, unknown } = attempts
  const forgotten = Math.max(0, asked.length + 1 - MAX_ASKED)
  const kept = [...asked.slice(forgotten), reservation]
  return locking({ ...attempts, asked: kept, unknown: unknown + forgotten }, limits, now)
}

/** The reserved attempt was a wrong code. It is counted already, but for the caps. */
export function settleFailure (attempts: Attempts, id: string, limits: AttemptLimits, now: number): Attempts {
  const released = releaseAttempt(attempts, id)
  return atCaps({ ...released, failures: released.failures + 1 }, limits, now)
}

/** Nobody will learn what the reserved attempt was: it counts towards the lock, never towards the caps. */
export function settleUnknown (attempts: Attempts, id: string): Attempts {
  const released = releaseAttempt(attempts, id)
  return { ...released, unknown: released.unknown + 1 }
}

/** The code of the reserved attempt was surely not judged: it never was an attempt, and locks nothing. */
export function giveBack (attempts: Attempts, id: string): Attempts {
  return { ...releaseAttempt(attempts, id), lockedAt: null }
}

/** Takes a reservation out, without saying what became of it. */
export function releaseAttempt (attempts: Attempts, id: string): Attempts {
  return { ...attempts, asked: attempts.asked.filter(reservation => reservation.id !== id) }
}

/** Reservations whose process has died count as attempts of which nothing is known. */
export function withoutAbandoned (attempts: Attempts, now: number): Attempts {
  const asked = attempts.asked.filter(({ at }) => isWithin(ASKED_LIFE, at, now))
  return { ...attempts, asked, unknown: attempts.unknown + attempts.asked.length - asked.length }
}

/** What the lock goes by: codes that were wrong, and those that may have been, since the last right one. */
function attemptsOf ({ failures, unknown, asked }: Attempts): number {
  return failures + unknown + asked.length
}

function locking (attempts: Attempts, { lockAfter }: AttemptLimits, now: number): Attempts {
  return { ...attempts, lockedAt: attemptsOf(attempts) % lockAfter === 0 ? now : null }
}

function atCaps (attempts: Attempts, { disableAfter }: AttemptLimits, now: number): Attempts {
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
