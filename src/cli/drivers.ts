import type * as FastifyModule from 'fastify'
import type { PostgresClient } from '../stores/postgres.js'
import type { IoredisClient } from '../stores/redis-client.js'
import { CommandError } from './failure.js'

/** What we use of the package `pg`. */
export interface PostgresDriver {
  readonly default: {
    readonly Pool: new (options: PoolOptions) => PostgresClient & {
      on (event: 'error', listener: () => void): unknown
      end (): Promise<void>
    }
  }
}

/** What we use of the package `ioredis`. */
export interface RedisDriver {
  /** The module itself. Its named export `Redis` is missing before version 5. */
  readonly default: {
    readonly default: new (url: string, options: RedisOptions) => IoredisClient & {
      on (event: 'error', listener: (error: unknown) => void): unknown
      connect (): Promise<void>
      disconnect (): void
    }
  }
}

/** A client, and how to close it. */
export interface OpenClient<Client> {
  readonly client: Client
  close (): Promise<void>
}

interface PoolOptions {
  readonly connectionString: string
  readonly connectionTimeoutMillis: number
  readonly query_timeout: number
  readonly statement_timeout: number
}

interface RedisOptions {
  readonly lazyConnect: boolean
  readonly connectTimeout: number
  readonly commandTimeout: number
  readonly socketTimeout: number
  readonly enableOfflineQueue: boolean
  readonly maxRetriesPerRequest: number
}

/** Milliseconds after which a request to a database times out. */
const TIMEOUT = 5000

/** Opens a pool of PostgreSQL, which connects when it is used. */
export async function openPool (
  connectionString: string, load: () => Promise<PostgresDriver> = async () => await import('pg')
): Promise<OpenClient<PostgresClient>> {
  const { default: { Pool } } = await importPackage('pg', 'PostgreSQL', load)
  const client = new Pool({
    connectionString,
    connectionTimeoutMillis: TIMEOUT,
    query_timeout: TIMEOUT,
    // Lets the server cancel the statement too, so abandoned queries don't pile up there.
    statement_timeout: TIMEOUT
  })
  // The pool replaces an idle connection that breaks. Without a listener its error would end the process.
  client.on('error', () => {})
  return { client, close: async () => await client.end() }
}

/** Connects to Redis. */
export async function openRedis (
  url: string, load: () => Promise<RedisDriver> = async () => await import('ioredis')
): Promise<OpenClient<IoredisClient>> {
  const { default: { default: Redis } } = await importPackage('ioredis', 'Redis', load)
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT,
    commandTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
    // Commands that can't be sent now fail, instead of being sent after their requests have timed out.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0
  })
  let reason: unknown
  client.on('error', error => { reason = error })
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    // The rejection only says that the connection is closed. The reason came with the error event.
    throw reason ?? error
  }
  return { client, close: async () => client.disconnect() }
}

/** Loads Fastify, which a server of Express doesn't have. */
export async function importFastify (
  load: () => Promise<typeof FastifyModule> = async () => await import('fastify')
): Promise<typeof FastifyModule.default> {
  return (await importPackage('fastify', 'serve', load)).default
}

/** What only some commands use isn't a dependency: users install what they need. */
async function importPackage<Loaded> (
  name: string, user: string, load: () => Promise<Loaded>
): Promise<Loaded> {
  try {
    return await load()
  } catch {
    throw new CommandError(`${user} needs the package ${name}: npm install ${name}`)
  }
}
