import { isFuture } from './age.js'
import type { Attempts } from './entity.js'

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

/** Where an identity with these attempts stands at `now`. */
export function standing (attempts: Attempts, limits: AttemptLimits, now: number): Standing {
  if (attempts.disabledAt !== null) return { state: 'disabled' }
  if (attempts.lockedAt === null) return { state: 'open' }
  const duration = lockDuration(attempts.failures, limits)
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
  const failures = attempts.failures + 1
  const { tally, tallyAt } = drained(attempts, now)
  const locks = failures % limits.lockAfter === 0
  const disables = failures >= limits.disableAfter || tally + 1 >= TALLY_LIMIT
  return {
    failures,
    lockedAt: locks ? now : null,
    tally: tally + 1,
    tallyAt,
    disabledAt: disables ? now : null
  }
}

/** A right code ends the row of wrong ones; the tally stays. */
export function clearFailures (attempts: Attempts): Attempts {
  return { ...attempts, failures: 0, lockedAt: null }
}

function drained ({ tally, tallyAt }: Attempts, now: number): { tally: number, tallyAt: number } {
  if (tally === 0 || isFuture(tallyAt, now)) return { tally, tallyAt: now }
  const drops = Math.max(0, Math.floor((now - tallyAt) / TALLY_DRAIN))
  return drops < tally
    ? { tally: tally - drops, tallyAt: tallyAt + drops * TALLY_DRAIN }
    : { tally: 0, tallyAt: now }
}

function lockDuration (failures: number, { lockAfter, lockFor }: AttemptLimits): number {
  const locks = Math.max(1, Math.floor(failures / lockAfter))
  return Math.min(lockFor * 2 ** (locks - 1), LONGEST_LOCK)
}
