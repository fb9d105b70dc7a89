import { MAX_SECONDS } from './age.js'
import { InvalidOptionError } from '../errors.js'
import { scrubbed } from '../scrubbed.js'

/** Returns the time in Unix seconds; fractions are ignored. */
export type Clock = () => number

/** The clock of this machine. */
export const systemClock: Clock = () => Date.now() / 1000

/**
 * The time of a clock in whole seconds. Throws `InvalidOptionError` for a clock that can't be right: a code
 * judged at a time in milliseconds would burn every later step.
 */
export function secondsOf (clock: Clock): number {
  const time = timeOf(clock)
  const now = typeof time === 'number' ? Math.floor(time) : NaN
  if (!(now >= 0 && now <= MAX_SECONDS)) throw new InvalidOptionError('clock', 'must return Unix seconds')
  return now
}

function timeOf (clock: Clock): unknown {
  try {
    return clock()
  } catch (error) {
    throw new InvalidOptionError('clock', 'must not throw', { cause: scrubbed(error) })
  }
}

/** Seconds since this process started. They never go back, whatever happens to the clock. */
export function uptime (): number {
  return performance.now() / 1000
}
