import { secondsOf } from '../time/clock.js'

/** A clock that stands still until a test moves it. Pass it as the option `clock`. */
export interface TestClock {
  /** Returns the time in Unix seconds. */
  (): number
  /** Moves the clock forward by so many seconds, or back if they are negative. */
  advance (seconds: number): void
}

/** The beginning of a time step, whether steps are 15, 20, 30, 60 or 120 seconds long. */
const START = 1_800_000_000

/** Creates a clock that shows `start`, in Unix seconds, and stands still. */
export function testClock (start: number = START): TestClock {
  let time = timeAt(start)
  const advance = (seconds: number) => { time = timeAt(time + seconds) }
  return Object.assign(() => time, { advance })
}

/** Refuses milliseconds where they are given, instead of in the server that has this clock. */
function timeAt (time: number): number {
  secondsOf(() => time)
  return time
}
