import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { postgresStore, type PostgresClient, type PostgresStore } from '../../../dist/index.js'
import { keyOf } from '../../../dist/verifier/entities.js'
import type { Crowd } from './crowd.js'
import type { Place } from './place.js'
import { Lacking } from './row.js'
import type { WatchedStore } from './round-trips.js'

/** A schema of the row's own, in the database that is there. */
export interface PostgresSchema extends Place {
  readonly pool: pg.Pool
  /** The server, and how it writes. */
  readonly server: string
  /** A store on a table that has everybody. */
  tableOf (crowd: Crowd): Promise<PostgresTable>
}

/** A table with two stores on it, a plain one and one that is watched. */
export interface PostgresTable extends WatchedStore {
  readonly plain: PostgresStore
}

/** Rows of one INSERT. */
const BATCH = 1000

/** A new schema, which is dropped when it is closed. */
export async function ownSchema (): Promise<PostgresSchema> {
  const connectionString = process.env['DATABASE_URL']
  if (connectionString === undefined) {
    throw new Lacking('It needs a PostgreSQL: set `DATABASE_URL`, as postgres://user@127.0.0.1:5432/postgres.')
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
      const plain = postgresStore({ client: pool, schema, table })
      await plain.createTable()
      await fillTable(pool, `${schema}.${table}`, crowd)
      const { client, sent } = watched(pool)
      return { plain, store: postgresStore({ client, schema, table }), sent }
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
  // As a table is that has been written for long: with room in its pages, and known to the planner.
  await pool.query(`UPDATE ${name} SET revision = revision`)
  await pool.query(`VACUUM (ANALYZE) ${name}`)
}

function watched (pool: pg.Pool): { client: PostgresClient, sent: string[] } {
  const sent: string[] = []
  return {
    sent,
    client: {
      async query (text, values) {
        sent.push(text)
        return await pool.query(text, values)
      }
    }
  }
}

async function serverOf (pool: pg.Pool): Promise<string> {
  const { rows: [row] } = await pool.query<Record<string, string>>(`SELECT
    current_setting('server_version') AS version, current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS commit`)
  return `PostgreSQL ${row?.['version']}, fsync ${row?.['fsync']}, synchronous_commit ${row?.['commit']}.`
}
