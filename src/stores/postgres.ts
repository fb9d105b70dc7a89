import { createHash } from 'node:crypto'
import type { Entity } from '../entity/entity.js'
import { DEFAULT_CACHE_SIZE, documentCache } from './document-cache.js'
import type { Store } from '../documents/store.js'

/** What is asked of a client: `Pool` of `pg` has it, and so has `PGlite`. */
export interface PostgresClient {
  /** Runs one statement, with `$1` and so on for the values, and commits it. */
  query<Row extends Record<string, unknown>> (text: string, values?: unknown[]): Promise<{ rows: Row[] }>
}

/** A client that can also prepare a statement under a name: `Pool` of `pg`. */
export interface PreparingPostgresClient extends PostgresClient {
  /** Runs one statement, and commits it. A connection parses the statement of a name once. */
  query<Row extends Record<string, unknown>> (
    statement: { readonly name: string, readonly text: string, readonly values: unknown[] }
  ): Promise<{ rows: Row[] }>
  query<Row extends Record<string, unknown>> (text: string, values?: unknown[]): Promise<{ rows: Row[] }>
}

/** The client of a `postgresStore`, and how statements are sent to it. */
export type PostgresStoreClient =
  | {
    /**
     * A `Pool` of `pg`, or a `PGlite`. Never a client with a transaction open: each statement has to commit
     * by itself, because a rollback would make a used code work again.
     */
    readonly client: PostgresClient
    /** Whether to prepare statements under a name, which only `pg` can. @default false */
    readonly prepare?: false
  }
  | {
    /** A `Pool` of `pg`. */
    readonly client: PreparingPostgresClient
    /**
     * Each connection parses and plans a statement once, which saves a third of the time of a read. Behind
     * PgBouncer this takes version 1.21 or later with `max_prepared_statements`, or `pool_mode = session`.
     */
    readonly prepare: true
  }

/** Options of `postgresStore`. */
export type PostgresStoreOptions = PostgresStoreClient & {
  /** Name of the table, quoted as it is. @default 'totp_entities' */
  readonly table?: string
  /** Name of the schema that the table is in, quoted as it is; it has to exist. @default the search path's */
  readonly schema?: string
  /**
   * Characters of document text to remember, so that an unchanged document isn't parsed and checked again; 0
   * turns it off. The database is asked for the whole document each time. @default 4000000
   */
  readonly cacheSize?: number
}

/** A store with a table of its own. */
export interface PostgresStore<Document extends { readonly revision: number } = Entity>
  extends Required<Store<Document>> {
  /** Creates the table unless it is there; several instances may do so at once. */
  createTable (): Promise<void>
}

/** Two sessions that create one table at the same time: the loser gets one of these. */
const CREATED_MEANWHILE = ['23505', '42P07', '42710']

/**
 * Keeps documents in PostgreSQL, one row for each; call `createTable()` once before use.
 *
 * Each change is one statement, which decides and commits by itself. That takes `read committed`, the
 * default: under a stricter isolation a race that is lost is a rejection. With `synchronous_commit` off a
 * crash takes back the last changes that were resolved, and a code works once more; a failover does where
 * replicas aren't synchronous. Never give it a replica to read from.
 */
export function postgresStore<Document extends { readonly revision: number } = Entity> (
  { table = 'totp_entities', schema, cacheSize = DEFAULT_CACHE_SIZE, ...options }: PostgresStoreOptions
): PostgresStore<Document> {
  const name = schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`
  const query = queryBy(options)
  const cache = documentCache<Document>(cacheSize, parse)

  let committing: Promise<void> | null = null

  /** Asked once, before the first write: two statements of one transaction mean that it was left open. */
  async function requireAutocommit (): Promise<void> {
    const transaction = async () => {
      const [row] = await query<{ id: string }>('SELECT pg_current_xact_id()::text AS id', [])
      return row?.id
    }
    const [first, second] = [await transaction(), await transaction()]
    if (first === second) {
      throw new Error('the client has a transaction open: a burnt code could be rolled back, so pass a pool')
    }
  }

  async function changed (text: string, values: unknown[]): Promise<boolean> {
    committing ??= requireAutocommit().catch(error => {
      committing = null
      throw error
    })
    await committing
    const rows = await query(`${text} RETURNING key`, values)
    return rows.length === 1
  }

  async function get (key: string): Promise<Document | null> {
    // As text, because drivers and hosts have parsers of their own for jsonb.
    const [row] = await query(`SELECT document::text FROM ${name} WHERE key = $1`, [key])
    if (row === undefined) return null
    if (typeof row.document !== 'string') throw notDocument()
    return cache.documentOf(key, row.document)
  }

  return {
    async createTable () {
      try {
        // Keys are compared byte by byte: a collation of people's languages may find different strings equal.
        await options.client.query(`CREATE TABLE IF NOT EXISTS ${name} (
          key text COLLATE "C" PRIMARY KEY, revision bigint NOT NULL, document jsonb NOT NULL)`)
      } catch (error) {
        if (!CREATED_MEANWHILE.includes(codeOf(error))) throw error
      }
    },

    get,

    async replace (key, expected, next) {
      if (next === null) {
        if (expected === null) return (await get(key)) === null
        return await changed(`DELETE FROM ${name} WHERE key = $1 AND revision = $2`, [key, expected])
      }
      // As text, because some drivers would make JSON of what they see to be JSON.
      const document = JSON.stringify(next)
      if (expected === null) {
        return await changed(
          `INSERT INTO ${name} (key, revision, document) VALUES ($1, $2, $3::text::jsonb) ON CONFLICT DO NOTHING`,
          [key, next.revision, document])
      }
      return await changed(
        `UPDATE ${name} SET revision = $3, document = $4::text::jsonb WHERE key = $1 AND revision = $2`,
        [key, expected, next.revision, document])
    },

    async list (after, limit) {
      const rows = await query<{ key: string }>(
        `SELECT key FROM ${name} WHERE key > $1 ORDER BY key LIMIT $2`, [after ?? '', limit])
      return rows.map(row => row.key)
    }
  }
}

/** Runs one statement, under a name of its own where the client is to prepare it. */
function queryBy (options: PostgresStoreClient) {
  const names = new Map<string, string>()

  /** PostgreSQL cuts names after 63 bytes, and a connection may be shared by stores of several tables. */
  function nameOf (text: string): string {
    const name = names.get(text) ?? `totp_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
    names.set(text, name)
    return name
  }

  return async <Row extends Record<string, unknown> = Record<string, unknown>>(
    text: string, values: unknown[]
  ): Promise<Row[]> => {
    const { rows } = options.prepare === true
      ? await options.client.query<Row>({ name: nameOf(text), text, values })
      : await options.client.query<Row>(text, values)
    return rows
  }
}

/** A JSON null is no absence. */
function parse (text: string) {
  const document = parsedOrNull(text)
  if (document === null) throw notDocument()
  return document
}

/** Without the parser's own message: that quotes the document. */
function parsedOrNull (text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function notDocument (): Error {
  return new Error('the database answered what is no JSON document')
}

function quoted (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
