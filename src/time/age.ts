/** Unix seconds up to the year 9999; milliseconds taken for seconds are beyond. */
export const MAX_SECONDS = 253_402_300_799

/** The clocks of several instances may differ, and one may go back, by this many seconds. */
const TOLERANCE = 30

/** True for a beginning that the clock of `now` can't have written: it has gone back since. */
export function isFuture (at: number, now: number): boolean {
  return at > now + TOLERANCE
}

/** True while `now` is at most `life` seconds after a beginning that isn't in the future. */
export function isWithin (life: number, at: number, now: number): boolean {
  return !isFuture(at, now) && now - at <= life
}
