import type { PostgresClient } from '../stores/postgres.js'
import type { IoredisClient } from '../stores/redis-client.js'
import { StartError } from './failure.js'

/** What is asked of the package `pg`. */
export interface PostgresDriver {
  readonly default: {
    readonly Pool: new (options: PoolOptions) => PostgresClient & {
      on (event: 'error', listener: () => void): unknown
      end (): Promise<void>
    }
  }
}

/** What is asked of the package `ioredis`. */
export interface RedisDriver {
  readonly Redis: new (url: string, options: RedisOptions) => IoredisClient & {
    on (event: 'error', listener: (error: unknown) => void): unknown
    connect (): Promise<void>
    disconnect (): void
  }
}

/** A client that can be closed. */
export interface Open<Client> {
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

/** Milliseconds that a request waits for a database. */
const PATIENCE = 5000

/** Connections to PostgreSQL, made when they are needed. */
export async function openPool (
  connectionString: string, load: () => Promise<PostgresDriver> = async () => await import('pg')
): Promise<Open<PostgresClient>> {
  const { default: { Pool } } = await driver('pg', 'PostgreSQL', load)
  const client = new Pool({
    connectionString,
    connectionTimeoutMillis: PATIENCE,
    query_timeout: PATIENCE,
    // The server gives up as well, so that nothing waits there for nobody.
    statement_timeout: PATIENCE
  })
  // An idle connection that breaks is replaced; without a listener it would end the process.
  client.on('error', () => {})
  return { client, close: async () => await client.end() }
}

/** A connection to Redis. */
export async function openRedis (
  url: string, load: () => Promise<RedisDriver> = async () => await import('ioredis')
): Promise<Open<IoredisClient>> {
  const { Redis } = await driver('ioredis', 'Redis', load)
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE,
    commandTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    // What can't be sent now is not sent later, when nobody waits for it.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0
  })
  let reason: unknown
  client.on('error', error => { reason = error })
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    // What it rejects with says that the connection is closed, and not why.
    throw reason ?? error
  }
  return { client, close: async () => client.disconnect() }
}

/** Whoever has no such database has no need of its driver, so it isn't among the dependencies. */
async function driver<Driver> (name: string, database: string, load: () => Promise<Driver>): Promise<Driver> {
  try {
    return await load()
  } catch {
    throw new StartError(`${database} needs the package ${name}: npm install ${name}`)
  }
}
