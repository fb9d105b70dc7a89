import type { SessionStore } from '@fastify/session'
import type { Session } from 'fastify'
import type { PostgresClient } from 'fastify-verify-totp'
import { createTable } from './create-table.js'

declare module 'fastify' {
  interface Session {
    /** The identity of whoever is logged in. */
    userId?: string
    /** The log-in that this session comes from; it stays the same when the session's id changes. */
    login?: string
  }
}

/**
 * Sessions in the database, shared by all instances on it. What makes them more than a table of rows:
 * requests can be slow. One that read its session when it began may write it back long after a log-out.
 *
 * - A session that was destroyed leaves a tombstone, and what is written to it is dropped. Silently, because
 *   nobody reads it, and what comes with it, a second log-out or the end of an approval, is true anyway.
 * - A session counts only while its *log-in* does, and a log-out ends that. An approval gives the session a
 *   new id, and so could a slow request after the log-out: an id that no tombstone knows. Writing that one
 *   fails, because the session can't be had any more, and the answer must not be that it can.
 */
export interface Sessions extends SessionStore {
  /** From now on, and for half a day at most, sessions with this `login` count. */
  begin (login: string): Promise<void>
  /** From now on they don't, and their contents are gone. */
  end (login: string): Promise<void>
  /** How many are logged in. */
  count (): Promise<number>
}

/** Sessions with tables of their own. */
export interface DatabaseSessions extends Sessions {
  createTables (): Promise<void>
}

/** Whatever went wrong with the database, and nothing of it that a client should see. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  readonly code = 'EXAMPLE_UNAVAILABLE'
  readonly statusCode = 503
  /** For the log: messages of a database can hold rows. */
  readonly reason: string

  constructor (cause: unknown) {
    super('The site is unavailable at the moment: try again later.')
    this.reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  }
}

/** A session can't be kept any more, because its log-in has ended. */
export class LoginEndedError extends Error {
  readonly code = 'LOGIN_ENDED'
}

const SWEEP_EVERY = 3_600_000

/** Makes the sessions of `client`'s database. */
export function sessionsIn (client: PostgresClient): DatabaseSessions {
  let sweptAt = 0

  async function query<Row extends Record<string, unknown>> (
    text: string, values: unknown[] = []
  ): Promise<Row[]> {
    try {
      return (await client.query<Row>(text, values)).rows
    } catch (error) {
      throw new UnavailableError(error)
    }
  }

  async function get (sid: string): Promise<Session | null> {
    const [row] = await query<{ data: string }>(
      `SELECT data FROM example_sessions JOIN example_logins ON id = login
       WHERE sid = $1 AND data IS NOT NULL AND ends_at > now()`, [sid])
    return row === undefined ? null : JSON.parse(row.data)
  }

  /** Before anybody has logged in there is nothing worth keeping. */
  async function set (sid: string, session: Session): Promise<void> {
    if (session.login === undefined) return
    const written = await query(
      `INSERT INTO example_sessions AS kept (sid, login, data) SELECT $1::text, $2::text, $3::text
       WHERE NOT EXISTS (SELECT FROM example_logins WHERE id = $2::text AND ends_at <= now())
       ON CONFLICT (sid) DO UPDATE SET data = EXCLUDED.data, written_at = now() WHERE kept.data IS NOT NULL
       RETURNING sid`, [sid, session.login, JSON.stringify(session)])
    if (written.length > 0) return
    const buried = await query('SELECT sid FROM example_sessions WHERE sid = $1', [sid])
    if (buried.length === 0) throw new UnavailableError(new LoginEndedError())
  }

  async function destroy (sid: string): Promise<void> {
    await query('UPDATE example_sessions SET data = NULL, written_at = now() WHERE sid = $1', [sid])
  }

  /**
   * A tombstone is of use for as long as its log-in counts, and after that for as long as any request may
   * last.
   */
  async function sweep (): Promise<void> {
    if (Date.now() - sweptAt < SWEEP_EVERY) return
    sweptAt = Date.now()
    await query("DELETE FROM example_logins WHERE ends_at < now() - interval '1 day'")
    await query(`DELETE FROM example_sessions WHERE written_at < now() - interval '1 day'
      AND NOT EXISTS (SELECT FROM example_logins WHERE id = login)`)
  }

  return {
    async createTables () {
      await createTable(client, `CREATE TABLE IF NOT EXISTS example_logins (
        id text PRIMARY KEY, ends_at timestamptz NOT NULL)`)
      await createTable(client, `CREATE TABLE IF NOT EXISTS example_sessions (
        sid text PRIMARY KEY, login text NOT NULL, data text, written_at timestamptz NOT NULL DEFAULT now())`)
    },

    async begin (login) {
      await sweep()
      await query("INSERT INTO example_logins (id, ends_at) VALUES ($1, now() + interval '12 hours')", [login])
    },

    async end (login) {
      await query(
        `WITH ended AS (UPDATE example_logins SET ends_at = now() WHERE id = $1 AND ends_at > now())
         UPDATE example_sessions SET data = NULL, written_at = now() WHERE login = $1`, [login])
    },

    async count () {
      const [row] = await query<{ count: number }>(
        'SELECT count(*)::integer AS count FROM example_logins WHERE ends_at > now()')
      return row?.count ?? 0
    },

    get (sid, callback) {
      get(sid).then(session => callback(null, session), callback)
    },

    set (sid, session, callback) {
      set(sid, session).then(() => callback(), callback)
    },

    destroy (sid, callback) {
      destroy(sid).then(() => callback(), callback)
    }
  }
}
