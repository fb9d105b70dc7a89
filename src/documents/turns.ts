/** Turns of those in this process who want the same key, in the order of asking. */
export interface Turns {
  /** True while somebody has the key, or waits for it. */
  isTaken (key: string): boolean
  /** Does `work` once all that was asked for this key before is done, unless `wait` for that gives up. */
  inTurn<T> (key: string, work: () => Promise<T>, wait?: Wait): Promise<T>
}

/** How one waits for those before. Whoever gives up, by throwing, loses the turn, and nobody behind does. */
export type Wait = (before: Promise<void>) => Promise<void>

/** Nobody has a turn yet. */
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
