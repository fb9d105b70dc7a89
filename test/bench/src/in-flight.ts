import type { Contender } from './row.js'

/** Operations that are under way at any time, except at the end of a pass. */
export const IN_FLIGHT = 32

/** Milliseconds after which a turn begins no further pass. */
const TURN = 250

/**
 * A contender that works on many items at once. A turn has one pass or more, and `next` begins each with the
 * items of that pass. The figure is operations each second; beside it stands the processor time of one in
 * this process.
 */
export function inFlight<Item> (
  name: string, next: () => readonly Item[], act: (item: Item) => Promise<unknown>
): Contender {
  return {
    name,
    async measure () {
      const [start, before] = [performance.now(), process.cpuUsage()]
      let operations = 0
      while (performance.now() - start < TURN) {
        const items = next()
        await actOnAll(items, act)
        operations += items.length
      }
      const { user, system } = process.cpuUsage(before)
      return {
        figure: operations / (performance.now() - start) * 1000,
        cpu: (user + system) / operations
      }
    }
  }
}

/** Acts on all items, on `IN_FLIGHT` of them at once. */
export async function actOnAll<Item> (
  items: readonly Item[], act: (item: Item) => Promise<unknown>
): Promise<void> {
  // One iterator for all: each takes the next item as soon as its last one is done.
  const waiting = items.values()
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    for (const item of waiting) await act(item)
  }))
}
