/** Does `work` once all that was asked for this key before is done, or `wait` for that has given up. */
export type InTurn = <T>(key: string, work: () => Promise<T>, wait?: Wait) => Promise<T>

/** How one waits for those before. Whoever gives up, by throwing, loses the turn, and nobody behind does. */
export type Wait = (before: Promise<void>) => Promise<void>

/** Lets those in this process that want the same key have it one after the other, in the order of asking. */
export function turns (): InTurn {
  const ends = new Map<string, Promise<void>>()

  return async function inTurn (key, work, wait = async before => await before) {
    const before = ends.get(key) ?? Promise.resolve()
    let leave = (): void => {}
    const own = new Promise<void>(resolve => { leave = resolve })
    const end = before.then(() => own).then(() => {
      if (ends.get(key) === end) ends.delete(key)
    })
    ends.set(key, end)
    try {
      await wait(before)
      return await work()
    } finally {
      leave()
    }
  }
}
