import { memoryStore, type EntityStore } from '../../../dist/index.js'
import { crowdWithLogins, fill, type Crowd } from './crowd.js'
import { keyOf } from './entity-key.js'
import { IN_FLIGHT, inFlight } from './in-flight.js'
import { inProcess } from './in-process.js'
import { ownSchema } from './postgres-schema.js'
import { ownPrefix } from './redis-prefix.js'
import { roundTripsOf, type WatchedStore } from './round-trips.js'
import type { Contender, Goal, Row } from './row.js'
import { openIn } from './row-place.js'
import { guardContender, passGuard } from './visits.js'

/** So few that a small cache holds all their documents. */
const PEOPLE = 100
/** Logins before the measurement, and the size that they lead to. */
const SIZES = [{ logins: 0, size: '0.8 KB' }, { logins: 37, size: '20 KB' }] as const
const [SMALL, LARGE] = SIZES
const guardOf = ({ size }: Size) => `guard, ${size}`
const readOf = ({ size }: Size) => `the same read alone, ${size}`

type Size = typeof SIZES[number]

/** Of rates, the one of the small document is divided. The reads alone show what the wire takes. */
const RATES: readonly Goal[] = [
  { of: guardOf(SMALL), to: guardOf(LARGE), atMost: 1.5 },
  { of: readOf(SMALL), to: readOf(LARGE) },
  ...SIZES.map(size => ({ of: guardOf(size), to: readOf(size) }))
]

/** A guarded request must not pay for a document that is as it was when the last request came. */
export const guardSize: Row = {
  name: 'guard-size',
  title: 'the guard in process, over memoryStore, by the size of the document',
  unit: 'µs',
  rounds: 15,
  turns: 9,
  goals: [{ of: guardOf(LARGE), to: guardOf(SMALL), atMost: 1.5 }],
  async open () {
    const crowds = await crowdsOf()
    return {
      contenders: await Promise.all(crowds.map(async ({ size, crowd }) => {
        const store = memoryStore()
        await fill(store, crowd)
        const app = await crowd.serve(store)
        return inProcess(guardOf(size), async turn =>
          await passGuard(app, crowd, crowd.identities[turn % PEOPLE] ?? ''))
      })),
      remarks: [sizesOf(crowds)],
      async close () {}
    }
  }
}

/** The same over Redis, where the whole document still crosses the wire. */
export const redisGuardSize: Row = {
  name: 'redis-guard-size',
  title: `the guard on Redis (ioredis), by the size of the document, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: RATES,
  open: async () => await openIn(await ownPrefix(), async ({ ioredis, server, keysOf }) => {
    const crowds = await crowdsOf()
    const contenders = await Promise.all(crowds.map(async ({ size, crowd }) => {
      const { prefix, watched, storeOf } = await keysOf(crowd)
      const script = await readBy(crowd, watched)
      return await contendersOf(size, crowd, storeOf(ioredis), async key =>
        await ioredis.evalsha(script, prefix + key))
    }))
    return { contenders: contenders.flat(), remarks: [server, sizesOf(crowds)] }
  })
}

/** And over PostgreSQL. */
export const postgresGuardSize: Row = {
  name: 'postgres-guard-size',
  title: `the guard on PostgreSQL, by the size of the document, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: RATES,
  open: async () => await openIn(await ownSchema(), async ({ pool, server, tableOf }) => {
    const crowds = await crowdsOf()
    const contenders: Contender[] = []
    for (const { size, crowd } of crowds) {
      const { storeOf, watchedStoreOf } = await tableOf(crowd)
      const select = await readBy(crowd, watchedStoreOf())
      contenders.push(...await contendersOf(size, crowd, storeOf(), async key =>
        await pool.query(select, [key])))
    }
    return { contenders, remarks: [server, sizesOf(crowds)] }
  })
}

interface SizedCrowd {
  readonly size: Size
  readonly crowd: Crowd
}

async function crowdsOf (): Promise<SizedCrowd[]> {
  return await Promise.all(SIZES.map(async size => {
    return { size, crowd: await crowdWithLogins(PEOPLE, size.logins) }
  }))
}

async function contendersOf (
  size: Size, crowd: Crowd, store: EntityStore, read: (key: string) => Promise<unknown>
): Promise<Contender[]> {
  return [
    guardContender(guardOf(size), await crowd.serve(store), crowd),
    inFlight(readOf(size), () => crowd.identities, async identity => await read(keyOf(identity)))
  ]
}

async function readBy (crowd: Crowd, watched: WatchedStore): Promise<string> {
  const { sent: [read = ''] } = await roundTripsOf(crowd, watched, ['read'], async app =>
    await passGuard(app, crowd, 'user-0'))
  return read
}

function sizesOf (crowds: readonly SizedCrowd[]): string {
  const sizes = crowds.map(({ size: { size }, crowd: { documentOf } }) => {
    const bytes = Buffer.byteLength(JSON.stringify(documentOf('user-0')))
    return `${size}: ${bytes} bytes of JSON`
  })
  return `${sizes.join('; ')}. Nothing is written while it is read.`
}
