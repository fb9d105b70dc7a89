/** Seconds of the second factor's clock in one second. */
const PACE = 20
/** Seconds of a step by that clock: long enough for a code to come in time on a busy machine. */
export const TIME_STEP = 120

/**
 * The second factor's clock in Unix seconds, the same in every process. It runs ahead: minutes of load are
 * hours of codes, and things that live for an hour are gone before memory is judged.
 */
export function now (): number {
  return Date.now() / 1000 * PACE
}

/** The step of a moment; each step has a code of its own. */
export function stepOf (seconds: number): number {
  return Math.floor(seconds / TIME_STEP)
}
