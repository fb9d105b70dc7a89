import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds of delay that the load still catches up. */
const RETRY_AFTER = 1000

/**
 * Lets this many requests go each second, evenly. Requests that a server delayed are caught up, so a slow
 * server gets no fewer than a fast one.
 */
export function pacemaker (perSecond: number): () => Promise<void> {
  let next = performance.now()
  return async () => {
    const now = performance.now()
    const wait = next - now
    next = Math.max(next, now - RETRY_AFTER) + 1000 / perSecond
    if (wait > 0) await sleep(wait)
  }
}
