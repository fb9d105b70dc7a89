import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'

/** What was asked of a store. */
export interface Calls {
  readonly reads: number
  readonly writes: number
}

/** A store for the documents of one batch of people, which goes with them. */
export interface BatchStore extends EntityStore {
  /** What was asked since this was called last. */
  takeCalls (): Calls
  /** Reads without counting. */
  peek (key: string): Promise<Entity>
  /** How many documents there are. */
  size (): Promise<number>
}

/** Keeps documents in memory, and counts the calls. */
export function batchStore (): BatchStore {
  const { get, replace, list } = memoryStore()
  let [reads, writes] = [0, 0]

  return {
    async get (key) {
      reads++
      return await get(key)
    },

    async replace (key, expected, next) {
      writes++
      return await replace(key, expected, next)
    },

    takeCalls () {
      const calls = { reads, writes }
      reads = writes = 0
      return calls
    },

    async peek (key) {
      const document = await get(key)
      if (document === null) throw new Error(`nothing is kept under ${key}`)
      return document
    },

    size: async () => (await list(undefined, Infinity)).length
  }
}
