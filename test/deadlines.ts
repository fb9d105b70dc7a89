import type { Test } from 'tap'

/** Milliseconds that no deadline of a test is longer than: with the option `timeout: 60`. */
const LONGEST = 60_000

/** Deadlines that pass when a test says so: never because a machine is busy, and without waiting. */
export interface Deadlines {
  /** Passes all that run now. */
  pass (): void
  /** Never answers: the deadline that was set for its answer passes at once. */
  hang (): Promise<never>
}

/**
 * Takes the deadlines of a test's sites, which have the option `timeout: 60`, until the test ends. Timeouts
 * of clients stay as they are: a call has to be given up whatever its client does.
 */
export function deadlines (t: Test): Deadlines {
  const now = performance.now.bind(performance)
  let later = 0
  t.intercept(performance, 'now', { value: () => now() + later })

  function pass (): void {
    later += LONGEST
  }

  return {
    pass,

    async hang () {
      setImmediate(pass)
      return await new Promise<never>(() => {})
    }
  }
}
