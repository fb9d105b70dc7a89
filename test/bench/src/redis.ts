import { randomUUID } from 'node:crypto'
import { crowdOf } from './crowd.js'
import { IN_FLIGHT, inFlight } from './in-flight.js'
import { keptIn, type Kept } from './kept.js'
import { openIn } from './place.js'
import { ownPrefix, type RedisDriver } from './redis-prefix.js'
import { roundTripsOf } from './round-trips.js'
import type { Contender, Goal, Row } from './row.js'
import { challenging, guarding, logIn, nextCode, passGuard } from './visits.js'

const PEOPLE = 2000
const CHALLENGE = 'challenge'
const GUARD = 'guard'
const BARE_BOTH = 'GET and the same EVALSHA'
const BARE_READ = 'GET'
const PARSED_READ = 'GET and JSON.parse'

/** A right code over `redisStore`, beside a plain read and the script that writes. */
export const redisChallenge: Row = {
  name: 'redis-challenge',
  title: `challenges on Redis, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  goals: goalsOf(CHALLENGE, BARE_BOTH, 0.6),
  open: async () => await openIn(await ownPrefix(), async ({ drivers, server, keysOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const keys = await keysOf(crowd)
    const { sent, remark } = await roundTripsOf(crowd, keys, ['read', 'write'], async app =>
      await logIn(app, crowd, 'user-0', nextCode(crowd)))
    const contenders = await Promise.all(drivers.map(async driver => {
      const [ours, others] = [await keysOf(crowd), await keysOf(crowd)]
      const app = await crowd.serve(ours.storeOf(driver))
      const kept = await keptIn(others.storeOf(driver), crowd)
      return [
        challenging(nameOf(CHALLENGE, driver), app, crowd),
        bareBoth(driver, others.prefix, sent, kept)
      ]
    }))
    return { contenders: contenders.flat(), remarks: [server, remark] }
  })
}

/** An approved session over `redisStore`, beside a plain read. */
export const redisGuard: Row = {
  name: 'redis-guard',
  title: `the guard on Redis, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  goals: [...goalsOf(GUARD, BARE_READ, 0.7), ...goalsOf(GUARD, PARSED_READ)],
  open: async () => await openIn(await ownPrefix(), async ({ drivers, server, keysOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const keys = await keysOf(crowd)
    const { remark } = await roundTripsOf(crowd, keys, ['read'], async app =>
      await passGuard(app, crowd, 'user-0'))
    const kept = await keptIn(keys.store, crowd)
    const contenders = await Promise.all(drivers.map(async driver => [
      guarding(nameOf(GUARD, driver), await crowd.serve(keys.storeOf(driver)), crowd),
      bareRead(driver, keys.prefix, kept),
      parsedRead(driver, keys.prefix, kept)
    ]))
    return { contenders: contenders.flat(), remarks: [server, remark] }
  })
}

/** What is to be reached is so with ioredis, the faster one; with the other it is told. */
function goalsOf (ours: string, bare: string, atLeast?: number): Goal[] {
  return (['ioredis', 'node-redis'] as const).map(name => ({
    of: nameOf(ours, { name }),
    by: nameOf(bare, { name }),
    ...(name === 'ioredis' && atLeast !== undefined ? { atLeast } : {})
  }))
}

function nameOf (what: string, { name }: Pick<RedisDriver, 'name'>): string {
  return `${name}, ${what}`
}

function bareRead (driver: RedisDriver, prefix: string, kept: readonly Kept[]): Contender {
  return inFlight(nameOf(BARE_READ, driver), () => kept, async ({ key }) => {
    if (await driver.get(prefix + key) === null) throw new Error(`${key} was not found`)
  })
}

/** What `pg` does by itself: without it the read would be of a text, which nobody could use. */
function parsedRead (driver: RedisDriver, prefix: string, kept: readonly Kept[]): Contender {
  return inFlight(nameOf(PARSED_READ, driver), () => kept, async ({ key }) => {
    const stored = await driver.get(prefix + key) ?? ''
    JSON.parse(stored.slice(stored.indexOf('{')))
  })
}

function bareBoth (
  driver: RedisDriver, prefix: string, [, replace = '']: readonly string[], kept: readonly Kept[]
): Contender {
  const id = randomUUID()
  return inFlight(nameOf(BARE_BOTH, driver), () => kept, async row => {
    const found = await driver.get(prefix + row.key)
    const expected = String(row.revision++)
    const outcome = await driver.evalsha(replace, prefix + row.key, expected, `${row.revision} ${id} ${row.text}`)
    if (found === null || outcome !== 'replaced') throw new Error(`${row.key} was not written`)
  })
}
