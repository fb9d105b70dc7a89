import { Redis } from 'ioredis'
import pg from 'pg'
import type { Test } from 'tap'
import { postgresStore, redisStore, type EntityStore } from '../../src/index.js'
import { lackingProgram, redisServer } from '../stores/redis-server.js'
import { lackingPrograms, postgresServer } from './postgres-server.js'
import type { Fits } from './proxy.js'

/** A database server of a test's own, and a way to it that no outage is on. */
export interface Database {
  readonly port: number
  /** What really is in it. */
  readonly store: EntityStore
  /** Ends it as a crash would. */
  kill (): Promise<void>
  /** Starts it again, on the same port and data. */
  start (): Promise<void>
}

/** What the example can keep its things in, and how its requests look on the wire. */
export interface Kind {
  readonly name: string
  /** Why tests of it are skipped, or false when they aren't. */
  readonly lacking: string | false
  open (t: Test): Promise<Database>
  /** The environment of an example that has this database at a port. */
  env (port: number): Record<string, string>
  /** The same, but its client would wait for an answer for ever. */
  patientEnv (port: number): Record<string, string>
  /** An entity is asked for. */
  readonly isRead: Fits
  /** An entity is written. */
  readonly isWrite: Fits
  /** A login session is written. */
  readonly isSessionWrite: Fits
}

/** What connections of a test call themselves. */
export const OURS = 'test'

/** PostgreSQL. */
export const postgres: Kind = {
  name: 'PostgreSQL',
  lacking: lackingPrograms,

  open: async t => await postgresDatabase(t),

  env: port => ({ DATABASE_URL: postgresUrl(port) }),
  patientEnv: port => ({ DATABASE_URL: `${postgresUrl(port)}?query_timeout=600000&statement_timeout=600000` }),
  isRead: chunk => chunk.includes('SELECT document::text FROM "totp_entities"'),
  isWrite: chunk => /(?:UPDATE|INSERT INTO) "totp_entities"/.test(chunk.toString('latin1')),
  isSessionWrite: chunk => chunk.includes('INSERT INTO example_sessions')
}

/** Redis. */
export const redis: Kind = {
  name: 'Redis',
  lacking: lackingProgram,

  open: async t => await redisDatabase(t),

  env: port => ({ REDIS_URL: `redis://127.0.0.1:${port}` }),
  // What isn't a number is no timeout.
  patientEnv: port => ({ REDIS_URL: `redis://127.0.0.1:${port}?commandTimeout=none` }),
  isRead: chunk => isEntity(chunk) && !isDocument(chunk),
  isWrite: chunk => isEntity(chunk) && isDocument(chunk),
  isSessionWrite: chunk => chunk.includes('example:session:') && chunk.includes('"cookie"')
}

/** All that the example can keep its things in. */
export const kinds: readonly Kind[] = [postgres, redis]

/** A PostgreSQL server with these settings. */
export async function postgresDatabase (
  t: Test, settings: Readonly<Record<string, string>> = {}
): Promise<Database & { readonly client: pg.Pool }> {
  const server = await postgresServer(t, settings)
  const client = new pg.Pool({
    connectionString: postgresUrl(server.port), max: 2, idleTimeoutMillis: 0, application_name: OURS
  })
  client.on('error', () => {})
  t.after(async () => await client.end())
  return { ...server, client, store: postgresStore({ client }) }
}

/** A Redis server. */
export async function redisDatabase (t: Test): Promise<Database & { readonly client: Redis }> {
  const server = await redisServer(t)
  const client = new Redis(server.port, { maxRetriesPerRequest: 0, retryStrategy: () => 50 })
  client.on('error', () => {})
  t.after(async () => client.disconnect())
  return { ...server, client, store: redisStore({ client }) }
}

export function postgresUrl (port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

function isEntity (chunk: Buffer): boolean {
  return chunk.includes('totp:identity:')
}

function isDocument (chunk: Buffer): boolean {
  return chunk.includes('"generation"')
}
