import type { Contender } from './row.js'

/** Operations that are under way at any time, but for the end of a pass. */
export const IN_FLIGHT = 32

/** Milliseconds after which a turn begins no further pass. */
const TURN = 500

/**
 * A contender that is asked for many things at once. A turn has one pass or more; `next` begins one, and says
 * whom it is about. The figure is operations each second.
 */
export function inFlight<Item> (
  name: string, next: () => readonly Item[], act: (item: Item) => Promise<unknown>
): Contender {
  return {
    name,
    async measure () {
      const start = performance.now()
      let operations = 0
      while (performance.now() - start < TURN) {
        const items = next()
        await together(items, act)
        operations += items.length
      }
      return operations / (performance.now() - start) * 1000
    }
  }
}

/** Does it to all of them, so many at once. */
export async function together<Item> (
  items: readonly Item[], act: (item: Item) => Promise<unknown>
): Promise<void> {
  // One iterator for all: each takes the next as soon as it is done.
  const waiting = items.values()
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    for (const item of waiting) await act(item)
  }))
}
