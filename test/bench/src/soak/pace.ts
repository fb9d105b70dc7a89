import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds that the load may be behind, and still catch up. */
const PATIENCE = 1000

/**
 * Lets so many go on each second, evenly. What a server made wait comes all the same, so that a slow one gets
 * no less than a fast one.
 */
export function pacemaker (perSecond: number): () => Promise<void> {
  let next = performance.now()
  return async () => {
    const now = performance.now()
    const wait = next - now
    next = Math.max(next, now - PATIENCE) + 1000 / perSecond
    if (wait > 0) await sleep(wait)
  }
}
