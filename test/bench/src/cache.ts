import type { EntityStore } from '../../../dist/index.js'
import { crowdOf, type Crowd } from './crowd.js'
import { keyOf } from './entity-key.js'
import { IN_FLIGHT } from './in-flight.js'
import { ownSchema } from './postgres-schema.js'
import { ownPrefix } from './redis-prefix.js'
import type { Goal, Row } from './row.js'
import { openIn } from './row-place.js'
import type { StoreOptions } from './store-options.js'
import { guardContender } from './visits.js'

/** So few that the default remembers all of them. */
const PEOPLE = 500
const OFF = 'cacheSize: 0'
const DEFAULT = 'the default'
const TOO_SMALL = 'a cache far too small'

/** Users come in the same order each time, so a cache that is too small has always just lost the next one. */
const CACHES: ReadonlyArray<readonly [name: string, options: StoreOptions]> = [
  [OFF, { cacheSize: 0 }],
  [DEFAULT, {}],
  [TOO_SMALL, { cacheSize: PEOPLE / 10 }]
]
const FACTS: readonly Goal[] = [DEFAULT, TOO_SMALL].map(of => ({ of, to: OFF }))

/** What it costs to remember documents, and what it saves. */
export const redisCache: Row = {
  name: 'redis-cache',
  title: `the guard on Redis (ioredis), by the size of the store's cache, ${PEOPLE} users, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: FACTS,
  open: async () => await openIn(await ownPrefix(), async ({ ioredis, server, keysOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const { storeOf } = await keysOf(crowd)
    return await compareCaches(crowd, options => storeOf(ioredis, options), server)
  })
}

/** The same on PostgreSQL. */
export const postgresCache: Row = {
  name: 'postgres-cache',
  title: `the guard on PostgreSQL, by the size of the store's cache, ${PEOPLE} users, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: FACTS,
  open: async () => await openIn(await ownSchema(), async ({ server, tableOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const { storeOf } = await tableOf(crowd)
    return await compareCaches(crowd, storeOf, server)
  })
}

async function compareCaches (
  crowd: Crowd, storeOf: (options: StoreOptions) => EntityStore, server: string
) {
  const contenders = await Promise.all(CACHES.map(async ([name, options]) =>
    guardContender(name, await crowd.serve(storeOf(options)), crowd)))
  const hits = await Promise.all(CACHES.map(async ([, options]) => await hitsOf(storeOf(options), crowd)))
  return { contenders, remarks: [server, hitsIn(hits)] }
}

function hitsIn (hits: readonly number[]): string {
  const counts = CACHES.map(([name], place) => `${hits[place]} (${name})`).join(', ')
  const same = new Set(hits).size === 1
  return `Hits when ${PEOPLE} documents are read again: ${counts}.` +
    (same ? ' This build doesn\'t know `cacheSize`: all three are the same.' : '')
}

/** A document that was remembered is the same object the second time. */
async function hitsOf (store: EntityStore, { identities }: Crowd): Promise<number> {
  const first = new Map<string, object | null>()
  for (const identity of identities) first.set(identity, await store.get(keyOf(identity)))
  let hits = 0
  for (const identity of identities) {
    if (await store.get(keyOf(identity)) === first.get(identity)) hits++
  }
  return hits
}
