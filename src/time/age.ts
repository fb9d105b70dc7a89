/** Unix seconds at the end of the year 9999. Milliseconds mistaken for seconds exceed it. */
export const MAX_SECONDS = 253_402_300_799

/** Seconds by which the clocks of several instances may differ, or one clock may go back. */
const TOLERANCE = 30

/** True if `at` is further after `now` than clocks may differ: a clock was set back. */
export function isFuture (at: number, now: number): boolean {
  return at > now + TOLERANCE
}

/** True when `at` isn't in the future, and at most `life` seconds before `now`. */
export function isWithin (life: number, at: number, now: number): boolean {
  return !isFuture(at, now) && now - at <= life
}
