/** Turns for work on keys within this process. */
export interface Turns {
  /** True while work on this key is under way or waiting. */
  isTaken (key: string): boolean
  /**
   * Does `work` once the work on this key that is under way is done, and all that waits with a lower or the
   * same `rank`. If `wait` throws meanwhile, the turn is given up.
   */
  inTurn<T> (key: string, work: () => Promise<T>, options?: TurnOptions): Promise<T>
}

export interface TurnOptions {
  /** Lower ranks come first. @default 0 */
  readonly rank?: number
  /** Waits for the turn. To give it up it throws. */
  readonly wait?: (turn: Promise<void>) => Promise<void>
  /** Waits before the next turn begins, unless that has rank 0: for a key that other processes want too. */
  readonly rest?: () => Promise<void>
}

interface Place {
  readonly rank: number
  readonly turn: Promise<void>
  readonly begin: () => void
}

/** Turns that no work has taken yet. */
export function turns (): Turns {
  /** The first of each queue is at work. */
  const queues = new Map<string, Place[]>()

  function join (key: string, place: Place): Place[] {
    const queue = queues.get(key) ?? []
    const last = queue.findLastIndex(({ rank }, i) => i === 0 || rank <= place.rank)
    queue.splice(last + 1, 0, place)
    queues.set(key, queue)
    if (queue[0] === place) place.begin()
    return queue
  }

  async function leave (
    key: string, queue: Place[], place: Place, rest?: () => Promise<void>
  ): Promise<void> {
    const wasAtWork = queue[0] === place
    if (wasAtWork && rest !== undefined && (queue[1]?.rank ?? 0) > 0) await rest().catch(() => {})
    queue.splice(queue.indexOf(place), 1)
    if (queue.length === 0) queues.delete(key)
    else if (wasAtWork) queue[0]?.begin()
  }

  return {
    isTaken: key => queues.has(key),

    async inTurn (key, work, { rank = 0, wait = justWait, rest } = {}) {
      const place = newPlace(rank)
      const queue = join(key, place)
      try {
        await wait(place.turn)
        return await work()
      } finally {
        leave(key, queue, place, rest)
      }
    }
  }
}

async function justWait (turn: Promise<void>): Promise<void> {
  await turn
}

function newPlace (rank: number): Place {
  const begins: Array<() => void> = []
  const turn = new Promise<void>(resolve => { begins.push(resolve) })
  return { rank, turn, begin: () => begins.forEach(begin => begin()) }
}
