import type { SessionStore } from '@fastify/session'
import type { Session } from 'fastify'
import type { PostgresClient } from 'fastify-verify-totp'
import { createTable } from './create-table.js'

declare module 'fastify' {
  interface Session {
    /** The identity of the user who is logged in. */
    userId?: string
    /** The login that this session belongs to. It stays the same when the session's id is rotated. */
    login?: string
  }
}

/**
 * Sessions that several instances share. They need rules of their own because requests can be slow: a request
 * that has read its session may write it back long after a logout.
 *
 * - A destroyed session leaves a tombstone, and later writes to it are dropped. They are dropped silently,
 *   because the answers they belong to stay true: a second logout, or the end of an approval.
 * - When the second factor rotates an id, it leaves a note under the old one, so that slow requests leave the
 *   new cookie alone. Later writes to it are dropped too.
 * - A session counts only while its *login* does, and a logout ends the login. An approval rotates the
 *   session's id, so a slow request could write a new id after the logout, one without a tombstone. That
 *   write fails, because the answer must not hand out a session that no longer works.
 */
export interface Sessions extends SessionStore {
  /** Starts a login: its sessions count from now on, for half a day at most. */
  begin (login: string): Promise<void>
  /** Ends a login: its sessions no longer count, and their contents are deleted. */
  end (login: string): Promise<void>
  /** The number of logins. */
  count (): Promise<number>
}

/** Sessions in tables of a database. */
export interface DatabaseSessions extends Sessions {
  createTables (): Promise<void>
}

/** The database failed. The client learns no details. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  readonly code = 'EXAMPLE_UNAVAILABLE'
  readonly statusCode = 503
  /** For the log. The database's own message is left out, because it can contain rows. */
  readonly reason: string

  constructor (cause: unknown) {
    super('The site is unavailable at the moment: try again later.')
    this.reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  }
}

/** The session can't be stored, because its login has ended. */
export class LoginEndedError extends Error {
  readonly code = 'LOGIN_ENDED'
}

/** True for the note that a rotated session leaves: it has the new id, and nothing else of the session. */
export function isNote (session: object): boolean {
  return 'totpRotated' in session
}

/** Milliseconds between two deletions of old rows. */
const SWEEP_INTERVAL = 3_600_000

/** The sessions in a database. */
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

  /** Stores nothing before a login. A value of a session can't look like a note: JSON escapes its quotes. */
  async function set (sid: string, session: Session): Promise<void> {
    if (isNote(session)) {
      const note = JSON.stringify(session)
      await query('UPDATE example_sessions SET data = $2 WHERE sid = $1 AND data IS NOT NULL', [sid, note])
    }
    if (session.login === undefined) return
    const written = await query(
      `INSERT INTO example_sessions AS kept (sid, login, data) SELECT $1::text, $2::text, $3::text
       WHERE NOT EXISTS (SELECT FROM example_logins WHERE id = $2::text AND ends_at <= now())
       ON CONFLICT (sid) DO UPDATE SET data = EXCLUDED.data, written_at = now()
       WHERE kept.data IS NOT NULL AND kept.data NOT LIKE '%"totpRotated":%'
       RETURNING sid`, [sid, session.login, JSON.stringify(session)])
    if (written.length > 0) return
    const buried = await query('SELECT sid FROM example_sessions WHERE sid = $1', [sid])
    if (buried.length === 0) throw new UnavailableError(new LoginEndedError())
  }

  async function destroy (sid: string): Promise<void> {
    await query('UPDATE example_sessions SET data = NULL, written_at = now() WHERE sid = $1', [sid])
  }

  /** Deletes logins and tombstones a day after they ended: no request lasts longer. */
  async function sweep (): Promise<void> {
    if (Date.now() - sweptAt < SWEEP_INTERVAL) return
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
