import { Redis } from 'ioredis'
import pg from 'pg'
import type { Test } from 'tap'
import { postgresStore, redisStore, type EntityStore } from '../../src/index.js'
import { emptyDatabase, lackingServer } from '../example/empty-database.js'
import { lackingProgram, redisServer } from '../stores/redis-server.js'

/** A database that several instances of the example can share. */
export interface Backend {
  readonly name: string
  /** Why it can't be had here, or false when it can. */
  readonly skip: string | false
  /** Opens an empty one, which is gone with the test. */
  open (t: Test): Promise<Opened>
}

/** An open database, as the example sees it and as its operator does. */
export interface Opened {
  /** Names it to the example. */
  readonly env: Readonly<Record<string, string>>
  /** Over the table or prefix that the example uses. */
  readonly store: EntityStore
}

/** Every promise of several instances holds on each of these. */
export const backends: readonly Backend[] = [
  {
    name: 'PostgreSQL',
    skip: lackingServer,

    async open (t) {
      const url = await emptyDatabase(t)
      const client = new pg.Pool({ connectionString: url, max: 2 })
      // What breaks when the database is dropped is of no interest.
      client.on('error', () => {})
      t.teardown(async () => await client.end())
      const store = postgresStore({ client })
      await store.createTable()
      return { env: { DATABASE_URL: url }, store }
    }
  },
  {
    name: 'Redis',
    skip: lackingProgram,

    async open (t) {
      const { url } = await redisServer(t)
      const client = new Redis(url)
      t.teardown(() => client.disconnect())
      return { env: { REDIS_URL: url }, store: redisStore({ client }) }
    }
  }
]
