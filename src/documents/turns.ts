/** Turns for work on keys within this process, in the order of asking. */
export interface Turns {
  /** True while work on this key is under way or waiting. */
  isTaken (key: string): boolean
  /**
   * Does `work` once all earlier work on this key is done. If `wait` throws meanwhile, the turn is given up.
   */
  inTurn<T> (key: string, work: () => Promise<T>, wait?: Wait): Promise<T>
}

/**
 * Waits for earlier work. To give up the turn it throws; work that comes later keeps waiting for the earlier
 * work.
 */
export type Wait = (before: Promise<void>) => Promise<void>

/** Turns that no work has taken yet. */
export function turns (): Turns {
  const ends = new Map<string, Promise<void>>()

  return {
    isTaken: key => ends.has(key),

    async inTurn (key, work, wait = async before => await before) {
      const before = ends.get(key) ?? Promise.resolve()
      const done = wait(before).then(work)
      const end = Promise.allSettled([before, done]).then(() => {
        if (ends.get(key) === end) ends.delete(key)
      })
      ends.set(key, end)
      return await done
    }
  }
}
