import type { Contender } from './row.js'

/** Calls between two looks at the clock. */
const CHUNK = 128

/** How a contender is called. */
export interface InProcessOptions {
  /** How long a turn lasts. */
  readonly milliseconds?: number
  /** Operations that one call of `act` makes. */
  readonly each?: number
}

/**
 * A contender that runs in this process. Its figure is processor time, in microseconds for each operation.
 * Work that it leaves to the garbage collector and the thread pool is part of it.
 */
export function inProcess (
  name: string, act: (turn: number) => unknown, { milliseconds = 100, each = 1 }: InProcessOptions = {}
): Contender {
  const chunk = Math.ceil(CHUNK / each)
  let turn = 0
  return {
    name,
    async measure () {
      const end = performance.now() + milliseconds
      const before = process.cpuUsage()
      let calls = 0
      while (performance.now() < end) {
        for (let i = 0; i < chunk; i++) {
          const result = act(turn++)
          if (result instanceof Promise) await result
        }
        calls += chunk
      }
      const { user, system } = process.cpuUsage(before)
      return { figure: (user + system) / (calls * each) }
    }
  }
}
