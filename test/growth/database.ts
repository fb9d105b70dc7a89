import type { Entity, EntityStore } from '../../src/index.js'
import { keyOf } from '../../src/verifier/entities.js'
import { END } from './calendar.js'
import { phoneOfCopies } from './copies.js'
import { refusalOf } from './life.js'
import type { Rows } from './report.js'
import { verifierOn } from './verifier.js'

/** A database with nothing in it, which is dropped in the end. */
export interface Database {
  readonly name: string
  readonly store: EntityStore
  /** Bytes that the documents take, by the place where they are. */
  sizes (): Promise<Readonly<Record<string, number>>>
  /** Bytes that were logged so far, for crashes and replicas; NaN where it can't be told. */
  logged (): Promise<number>
  /** Seconds of processor time that the server used so far; NaN where it can't be told. */
  processorTime (): Promise<number>
  close (): Promise<unknown>
}

/** A database while it is filled. */
export interface Filling {
  put (document: Entity): Promise<void>
  /** Answers tables of what was measured. */
  measure (): Promise<ReadonlyArray<readonly [title: string, rows: Rows]>>
}

export const IN_FLIGHT = 16
/** Documents that wait until they are put together. */
const BUFFER = 500
/** Identities that bring a code and a guarded request each. */
const SAMPLE = 50_000
/** Requests that open connections, and let what runs often be compiled. */
const WARM_UP = 2000

/** Fills a database with the documents of so many identities, and measures it. */
export function filling (database: Database, identities: number): Filling {
  const { name, store } = database
  const waiting: Entity[] = []
  const sample: string[] = []
  const stride = Math.ceil(identities / SAMPLE)
  let count = 0

  async function flush (): Promise<void> {
    await together(waiting.splice(0), async document => {
      const added = await store.replace(keyOf(document.identity), null, document)
      if (!added) throw new Error('the database has this identity already')
    })
  }

  async function bytesRow (title: string): Promise<Record<string, string>> {
    const sizes = Object.entries(await database.sizes())
    return Object.fromEntries([['', title], ...sizes.map(([place, bytes]) => [place, (bytes / count).toFixed(0)])])
  }

  return {
    async put (document) {
      const { lockedAt, disabledAt } = document.attempts
      if (count++ % stride === 0 && lockedAt === null && disabledAt === null) sample.push(document.identity)
      waiting.push(document)
      if (waiting.length === BUFFER) await flush()
    },

    async measure () {
      await flush()
      const filled = await bytesRow('just filled')
      const operations = await operationsOn(database, sample)
      const written = await bytesRow(`after ${sample.length.toLocaleString('en')} were written once more`)
      return [
        [`${name}: bytes of each of ${count.toLocaleString('en')} documents`,
          [Object.keys(filled), Object.values(filled), Object.values(written)]],
        [`${name}: ${IN_FLIGHT} operations in flight, from one process`, operations]
      ]
    }
  }
}

async function operationsOn (database: Database, identities: readonly string[]): Promise<Rows> {
  const now = END + 60
  const verifier = verifierOn({ store: database.store, clock: () => now })
  const code = phoneOfCopies.code(now)
  const marks = new Map<string, string | null>()
  const callerOf = (identity: string) =>
    ({ identity, session: { mark: marks.get(identity) ?? null, began: now } })

  await together(identities.slice(0, WARM_UP), async identity =>
    await refusalOf(verifier.check(callerOf(identity))))
  const rightCode = await costOf(database, identities, async identity => {
    marks.set(identity, (await verifier.challenge(callerOf(identity), { code })).mark)
  })
  const guardedRequest = await costOf(database, identities, async identity =>
    await verifier.check(callerOf(identity)))
  return [
    ['', 'a second', 'µs of this process', 'µs of the server', 'bytes logged'],
    ['right code', ...rightCode],
    ['guarded request', ...guardedRequest]
  ]
}

/** What an operation takes, one for each identity. */
async function costOf (
  database: Database, identities: readonly string[], operate: (identity: string) => Promise<unknown>
): Promise<string[]> {
  const look = async () => {
    const { user, system } = process.cpuUsage()
    const [server, logged] = [await database.processorTime(), await database.logged()]
    return { time: performance.now() / 1000, own: (user + system) / 1e6, server, logged }
  }
  const before = await look()
  await together(identities, operate)
  const after = await look()
  const each = (part: 'own' | 'server' | 'logged') => (after[part] - before[part]) / identities.length
  const figures = [
    identities.length / (after.time - before.time), each('own') * 1e6, each('server') * 1e6, each('logged')
  ]
  return figures.map(figure => Number.isNaN(figure) ? '' : figure.toFixed(0))
}

async function together<Item> (items: readonly Item[], act: (item: Item) => Promise<unknown>): Promise<void> {
  // One iterator for all: each takes the next item as soon as it is done.
  const left = items.values()
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    for (const item of left) await act(item)
  }))
}
