import { createHash } from 'node:crypto'
import type { Entity } from '../entity/entity.js'
import { DEFAULT_CACHE_SIZE, documentCache } from './document-cache.js'
import { parseOrNull } from './json.js'
import type { Store } from '../documents/store.js'
import { hasFunctions, must } from '../option-checks.js'
import { ownOnly, ownValue } from '../own-property.js'

/** The part of a client that is used. `Pool` of `pg` has it, and so has `PGlite`. */
export interface PostgresClient {
  /** Runs one statement, with `$1` and so on for the values, and commits it. */
  query<Row extends Record<string, unknown>> (text: string, values?: unknown[]): Promise<{ rows: Row[] }>
}

/** A client that can prepare a statement under a name too: `Pool` of `pg`. */
export interface PreparingPostgresClient extends PostgresClient {
  /** Runs one statement and commits it. Each connection parses a named statement once. */
  query<Row extends Record<string, unknown>> (
    statement: { readonly name: string, readonly text: string, readonly values: unknown[] }
  ): Promise<{ rows: Row[] }>
  query<Row extends Record<string, unknown>> (text: string, values?: unknown[]): Promise<{ rows: Row[] }>
}

/** The client of a `postgresStore`, and how statements are sent to it. */
export type PostgresStoreClient =
  | {
    /**
     * A `Pool` of `pg`, or a `PGlite`. Never pass a client with an open transaction: each statement has to
     * commit by itself, because after a rollback a used code works again.
     */
    readonly client: PostgresClient
    /** Whether to prepare statements under a name, which only `pg` supports. @default false */
    readonly prepare?: false
  }
  | {
    /** A `Pool` of `pg`. */
    readonly client: PreparingPostgresClient
    /**
     * Parses and plans each statement once on each connection, which saves a third of the time of a read.
     * With PgBouncer this needs version 1.21 or later with `max_prepared_statements`, or `pool_mode =
     * session`.
     */
    readonly prepare: true
  }

/** Options of `postgresStore`. */
export type PostgresStoreOptions = PostgresStoreClient & {
  /** Name of the table, quoted exactly as given. @default 'totp_entities' */
  readonly table?: string
  /**
   * Name of an existing schema for the table, quoted exactly as given. @default the one of the search path
   */
  readonly schema?: string
  /**
   * Characters of document text to cache, so an unchanged document isn't parsed and checked again; 0 turns
   * the cache off. The database is asked for the whole document each time. Throws `InvalidOptionError` unless
   * it is an integer of 0 or more. @default 4000000
   */
  readonly cacheSize?: number
}

/** A store with a table of its own. */
export interface PostgresStore<Document extends { readonly revision: number } = Entity>
  extends Required<Store<Document>> {
  /** Creates the table unless it exists. Several instances may call it at once. */
  createTable (): Promise<void>
}

/** Errors for the loser when two sessions create the same table at the same time. */
const CREATED_MEANWHILE = ['23505', '42P07', '42710']

/**
 * Keeps documents in PostgreSQL, one row each. Call `createTable()` once before use.
 *
 * Each change is one statement that decides and commits by itself. It needs the default isolation, `read
 * committed`: under a stricter one a lost race is a rejection. With `synchronous_commit` off, a crash may
 * undo the last resolved changes, and a used code works again; so may a failover to a replica that isn't
 * synchronous. Never let it read from a replica.
 */
export function postgresStore<Document extends { readonly revision: number } = Entity> (
  given: PostgresStoreOptions
): PostgresStore<Document> {
  const { table = 'totp_entities', schema, cacheSize = DEFAULT_CACHE_SIZE, ...rest } = ownOnly(given)
  const options = ownOnly(rest)
  must('client', hasFunctions(options.client, ['query']), 'must be a Pool of pg, or a PGlite')
  const name = schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`
  const query = queryBy(options)
  const cache = documentCache<Document>(cacheSize, parse)

  let committing: Promise<void> | null = null

  /** Runs once, before the first write: two statements in the same transaction mean that one is open. */
  async function requireAutocommit (): Promise<void> {
    const transaction = async () => {
      const [row] = await query<{ id: string }>('SELECT pg_current_xact_id()::text AS id', [])
      return row?.id
    }
    const [first, second] = [await transaction(), await transaction()]
    if (first === second) {
      throw new Error('the client has an open transaction, whose rollback would make a used code work again: pass a pool')
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
    // As text, because drivers and hosts may have their own parsers for jsonb.
    const [row] = await query(`SELECT document::text FROM ${name} WHERE key = $1`, [key])
    if (row === undefined) return null
    if (typeof row.document !== 'string') throw notDocument()
    return cache.documentOf(key, row.document)
  }

  return {
    async createTable () {
      try {
        // Collation C compares keys byte by byte. One of a language may treat different strings as equal.
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
      // As text, because some drivers encode values for a jsonb parameter as JSON themselves.
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

/** Runs one statement, under its own name if the client prepares statements. */
function queryBy (options: PostgresStoreClient) {
  const names = new Map<string, string>()

  /**
   * A hash, because PostgreSQL cuts names after 63 bytes and stores of several tables may share a connection.
   */
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

/** The document of a text. A JSON null doesn't mean that there is none. */
function parse (text: string) {
  const document = parseOrNull(text)
  if (document === null) throw notDocument()
  return document
}

function notDocument (): Error {
  return new Error('the database returned something that is not a JSON document')
}

function quoted (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function codeOf (error: unknown): string {
  return error instanceof Error ? String(ownValue(error, 'code')) : ''
}
