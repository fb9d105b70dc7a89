/*
 * Figures, not tests: how long a challenge and a guard take while a table grows to a million identities, how
 * much each store does in a second, and how much a crowd on one identity costs. By hand, from the
 * folder of the project, once it is built:
 *
 *   DATABASE_URL=… REDIS_URL=… node --import @tapjs/typescript/import test/growth/million.ts
 *
 * PostgreSQL gets a database of its own, which is dropped; Redis gets keys of its own, which are deleted.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Redis } from 'ioredis'
import Database from 'libsql'
import pg from 'pg'
import { createClient } from 'redis'
import { sqliteStore } from '../../example/sqlite-store.js'
import { memoryStore, postgresStore, redisStore, type EntityStore, type Verifier } from '../../src/index.js'
import { callerAt, entityAt, identityAt, phone, START } from './population.js'
import { verifierOn } from './verifier.js'

const { DATABASE_URL, REDIS_URL } = process.env
const POPULATIONS = [1_000, 100_000, 1_000_000]
const SAMPLES = 900
const BATCH = 5_000
const CONCURRENCY = 16
const PEOPLE = 1_000
const GUARDS = 8_000
const RIGHT = 50
const WRONG = 200

/** A store to measure, and how to close it. */
interface Measured {
  readonly name: string
  readonly store: EntityStore
  close (): Promise<unknown>
}

let now = START

function verifierOver (store: EntityStore): Verifier {
  return verifierOn({ store, clock: () => now })
}

/** Does `act` for each of the first numbers, some at a time. Answers how many were done in a second. */
async function perSecond (count: number, act: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const begin = performance.now()
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    while (next < count) await act(next++)
  }))
  return Math.round(count / (performance.now() - begin) * 1000)
}

/** Median and 99th percentile of the time that a call takes, in milliseconds. */
async function latency (act: (sample: number) => Promise<unknown>): Promise<string> {
  const times: number[] = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    const begin = performance.now()
    await act(sample)
    times.push(performance.now() - begin)
  }
  times.sort((one, other) => one - other)
  return [0.5, 0.99].map(share => (times[Math.floor(share * SAMPLES)] ?? NaN).toFixed(1)).join(' / ')
}

function heading (title: string, ...columns: string[]): void {
  const load = loadavg().map(load => load.toFixed(1)).join(' ')
  console.log(`\n${title} (load ${load})\n`)
  row(...columns)
  row(...columns.map(() => '---'))
}

function row (...cells: Array<string | number>): void {
  console.log(`| ${cells.join(' | ')} |`)
}

/** How long it takes while more and more others are there. */
async function growth (pool: pg.Pool): Promise<void> {
  heading(`PostgreSQL, one after the other, ${SAMPLES} of each`,
    'identities', 'challenge: median / p99 ms', 'guard: median / p99 ms')
  const store = postgresStore({ client: pool })
  await store.createTable()
  const verifier = verifierOver(store)
  let there = 0
  for (const population of POPULATIONS) {
    const before = there
    while (there < population) there = await filled(pool, there, Math.min(there + BATCH, population))
    await pool.query('ANALYZE totp_entities')
    await pool.query('CHECKPOINT')
    now += 60
    // Spread over the users who came last, each of them once.
    const stride = (population - before) / SAMPLES
    const callerOf = (sample: number) => callerAt(before + Math.floor(sample * stride), now)
    const code = phone.code(now)
    const guard = await latency(async sample => await verifier.check(callerOf(sample)))
    const challenge = await latency(async sample => await verifier.challenge(callerOf(sample), { code }))
    row(population.toLocaleString('en'), challenge, guard)
  }
}

async function filled (pool: pg.Pool, from: number, to: number): Promise<number> {
  const entities = Array.from({ length: to - from }, (_, i) => entityAt(from + i))
  await pool.query(`INSERT INTO totp_entities (key, revision, document)
    SELECT key, revision, document::jsonb FROM unnest($1::text[], $2::bigint[], $3::text[]) AS made (key, revision, document)`, [
    entities.map(({ identity }) => `identity:${identity}`),
    entities.map(({ revision }) => revision),
    entities.map(entity => JSON.stringify(entity))
  ])
  return to
}

/** The calls that a store answers in a second, for many identities. */
async function throughput ({ name, store }: Measured): Promise<void> {
  await perSecond(PEOPLE, async index => await store.replace(`identity:${identityAt(index)}`, null, entityAt(index)))
  now += 60
  const verifier = verifierOver(store)
  const guards = await perSecond(GUARDS, async index => await verifier.check(callerAt(index % PEOPLE, now)))
  const challenges = await perSecond(PEOPLE, async index =>
    await verifier.challenge(callerAt(index, now), { code: phone.code(now) }))
  row(name, guards, challenges)
}

/** The cost of a crowd on one identity. */
async function contention ({ name, store }: Measured): Promise<void> {
  now += 60
  const codes = Array.from({ length: RIGHT + WRONG }, (_, i) =>
    i % (1 + WRONG / RIGHT) === 0 ? phone.code(now) : phone.wrongCode(now))
  let approved = 0
  const begin = performance.now()
  const tries = await Promise.all(codes.map(async code => {
    const outcomes: boolean[] = []
    const verifier = verifierOver({
      get: store.get,
      async replace (key, expected, next) {
        const won = await store.replace(key, expected, next)
        outcomes.push(won)
        return won
      }
    })
    await verifier.challenge(callerAt(0, now), { code }).then(() => { approved++ }, () => {})
    return outcomes
  }))
  const took = Math.round(performance.now() - begin)
  const writes = tries.flat()
  const most = Math.max(...tries.map(({ length }) => length))
  row(name, approved, writes.length, writes.filter(won => !won).length, most, took)
}

async function databaseOfItsOwn (url: string): Promise<Measured & { readonly pool: pg.Pool }> {
  const database = `totp_growth_${randomBytes(6).toString('hex')}`
  const server = new pg.Pool({ connectionString: url, max: 1 })
  await server.query(`CREATE DATABASE ${database}`)
  const own = new URL(url)
  own.pathname = `/${database}`
  const pool = new pg.Pool({ connectionString: own.href, max: CONCURRENCY })
  return {
    name: 'PostgreSQL, `pg`',
    store: postgresStore({ client: pool }),
    pool,
    async close () {
      await pool.end()
      await server.query(`DROP DATABASE ${database}`)
      await server.end()
    }
  }
}

function inMemory (): Measured {
  return { name: 'memory', store: memoryStore(), close: async () => {} }
}

async function onPGlite (folder: string): Promise<Measured> {
  const client = new PGlite(join(folder, 'pglite'))
  const store = postgresStore({ client })
  await store.createTable()
  return { name: 'PGlite', store, close: async () => await client.close() }
}

function onSqlite (folder: string): Measured {
  const database = new Database(join(folder, 'entities.db'))
  return { name: 'SQLite, the example', store: sqliteStore(database), close: async () => database.close() }
}

async function onIoredis (url: string): Promise<Measured> {
  const client = new Redis(url)
  const prefix = `totp-growth-${randomBytes(6).toString('hex')}:`
  const store = redisStore({ client, prefix })
  return {
    name: 'Redis, `ioredis`',
    store,
    async close () {
      for (const key of await store.list(undefined, Infinity)) await client.del(prefix + key)
      client.disconnect()
    }
  }
}

async function onNodeRedis (url: string): Promise<Measured> {
  const client = createClient({ url })
  await client.connect()
  const prefix = `totp-growth-${randomBytes(6).toString('hex')}:`
  const store = redisStore({ client, prefix })
  return {
    name: 'Redis, `redis`',
    store,
    async close () {
      for (const key of await store.list(undefined, Infinity)) await client.del(prefix + key)
      await client.close()
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'growth-'))
const postgres = DATABASE_URL === undefined ? null : await databaseOfItsOwn(DATABASE_URL)
const stores: Measured[] = []
try {
  if (postgres === null) console.log('PostgreSQL is left out: it needs DATABASE_URL.')
  else {
    await growth(postgres.pool)
    await postgres.pool.query('TRUNCATE totp_entities')
  }
  if (REDIS_URL === undefined) console.log('Redis is left out: it needs REDIS_URL.')
  stores.push(
    inMemory(), await onPGlite(folder), onSqlite(folder),
    ...(REDIS_URL === undefined ? [] : [await onIoredis(REDIS_URL), await onNodeRedis(REDIS_URL)]),
    ...(postgres === null ? [] : [postgres])
  )
  heading(`${CONCURRENCY} at a time, ${PEOPLE} identities`, 'store', 'guards per second', 'challenges per second')
  for (const measured of stores) await throughput(measured)
  heading(`${RIGHT} right and ${WRONG} wrong codes for one identity at once`,
    'store', 'approved', 'writes', 'of them lost', 'most of one caller', 'ms')
  for (const measured of stores) await contention(measured)
} finally {
  for (const { close } of stores) await close()
  if (postgres !== null && !stores.includes(postgres)) await postgres.close()
  rmSync(folder, { recursive: true })
}
