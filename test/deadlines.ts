import type { Test } from 'tap'

/** Milliseconds of a deadline: with the option `timeout: 60`, and half of it. Shorter timers are none. */
const [SHORTEST, LONGEST] = [20_000, 60_000]

/** Deadlines that pass when a test says so: never because a machine is busy, and without waiting. */
export interface Deadlines {
  /** Passes all that run now. */
  pass (): void
  /** Never answers: the deadline that was set for its answer passes at once. */
  hang (): Promise<never>
}

/** Takes the deadlines of a test's sites, which have the option `timeout: 60`, until the test ends. */
export function deadlines (t: Test): Deadlines {
  const { setTimeout: set, clearTimeout: clear } = globalThis
  const now = performance.now.bind(performance)
  const running = new Map<NodeJS.Timeout | undefined, () => void>()
  let later = 0

  function pass (): void {
    later += LONGEST
    for (const [timer, end] of running) {
      clearTimeout(timer)
      end()
    }
  }

  t.intercept(performance, 'now', { value: () => now() + later })
  t.intercept(globalThis, 'setTimeout', {
    value (end: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) {
      const timer = set<unknown[]>(end, milliseconds, ...args)
      if (milliseconds >= SHORTEST && milliseconds <= LONGEST) running.set(timer, end)
      return timer
    }
  })
  t.intercept(globalThis, 'clearTimeout', {
    value (timer: NodeJS.Timeout | undefined) {
      running.delete(timer)
      clear(timer)
    }
  })

  return {
    pass,

    async hang () {
      setImmediate(pass)
      return await new Promise<never>(() => {})
    }
  }
}
