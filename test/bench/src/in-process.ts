import type { Contender } from './row.js'

/** Repetitions between two looks at the clock. */
const CHUNK = 128

/**
 * A contender that is called in this process, for `milliseconds` each turn. Its figure is processor time, in
 * microseconds for each call: what a call makes the garbage collector and the thread pool do is part of it.
 */
export function inProcess (
  name: string, act: (turn: number) => unknown, { milliseconds = 300 }: { milliseconds?: number } = {}
): Contender {
  let turn = 0
  return {
    name,
    async measure () {
      const end = performance.now() + milliseconds
      const before = process.cpuUsage()
      let calls = 0
      while (performance.now() < end) {
        for (let i = 0; i < CHUNK; i++) {
          const result = act(turn++)
          if (result instanceof Promise) await result
        }
        calls += CHUNK
      }
      const { user, system } = process.cpuUsage(before)
      return (user + system) / calls
    }
  }
}
