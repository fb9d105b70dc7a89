import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { postgresStore, type PostgresStore } from '../../../dist/index.js'
import type { Crowd } from './crowd.js'
import { keyOf } from './entity-key.js'
import type { WatchedStore } from './round-trips.js'
import { UnavailableError } from './row.js'
import type { RowPlace } from './row-place.js'
import type { StoreOptions } from './store-options.js'
import { watchPool } from './watched-pool.js'

/** A schema of the row's own, in the database of `DATABASE_URL`. */
export interface PostgresSchema extends RowPlace {
  readonly pool: pg.Pool
  /** The server, and how it writes. */
  readonly server: string
  /** A new table that holds the whole crowd. */
  tableOf (crowd: Crowd): Promise<PostgresTable>
}

/** A table, and stores on it. */
export interface PostgresTable {
  /** Quoted for SQL. */
  readonly name: string
  storeOf (options?: StoreOptions): PostgresStore
  watchedStoreOf (options?: StoreOptions): WatchedStore & { readonly names: string[] }
}

/** Rows of one INSERT. */
const BATCH = 1000

/** Creates a schema, which is dropped when it is closed. */
export async function ownSchema (): Promise<PostgresSchema> {
  const connectionString = process.env['DATABASE_URL']
  if (connectionString === undefined) {
    throw new UnavailableError('It needs a PostgreSQL: set `DATABASE_URL`, as postgres://user@127.0.0.1:5432/postgres.')
  }
  const pool = new pg.Pool({ connectionString })
  const schema = `bench_${randomBytes(8).toString('hex')}`
  await pool.query(`CREATE SCHEMA ${schema}`)
  let tables = 0

  return {
    pool,
    server: await serverOf(pool),

    async tableOf (crowd) {
      const table = `entities_${tables++}`
      const name = `${schema}.${table}`
      const storeOf = (client: pg.Pool, options: StoreOptions = {}) =>
        postgresStore({ client, schema, table, ...options })
      await storeOf(pool).createTable()
      await fillTable(pool, name, crowd)
      return {
        name,
        storeOf: options => storeOf(pool, options),
        watchedStoreOf (options) {
          const { client, sent, names } = watchPool(pool)
          return { store: storeOf(client, options), sent, names }
        }
      }
    },

    async close () {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
      await pool.end()
    }
  }
}

async function fillTable (pool: pg.Pool, name: string, { identities, documentOf }: Crowd): Promise<void> {
  for (let start = 0; start < identities.length; start += BATCH) {
    const documents = identities.slice(start, start + BATCH).map(documentOf)
    await pool.query(
      `INSERT INTO ${name} SELECT * FROM unnest($1::text[], $2::bigint[], $3::jsonb[])`, [
        documents.map(({ identity }) => keyOf(identity)),
        documents.map(({ revision }) => revision),
        documents.map(document => JSON.stringify(document))
      ])
  }
  // Like a table that has been written for long: with room in its pages, and known to the planner.
  await pool.query(`UPDATE ${name} SET revision = revision`)
  await pool.query(`VACUUM (ANALYZE) ${name}`)
}

async function serverOf (pool: pg.Pool): Promise<string> {
  const { rows: [row] } = await pool.query<Record<string, string>>(`SELECT
    current_setting('server_version') AS version, current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS commit`)
  return `PostgreSQL ${row?.['version']}, fsync ${row?.['fsync']}, synchronous_commit ${row?.['commit']}.`
}
