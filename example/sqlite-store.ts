import type { Entity, EntityStore } from 'fastify-verify-totp'
import type { Database } from 'libsql'

/** An entity store with its table in a SQLite database. */
export function sqliteStore (database: Database): Required<EntityStore> {
  // Readers don't wait for writers, a commit is on the disk, and the lock of another process is awaited.
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('busy_timeout = 5000')
  database.exec(`CREATE TABLE IF NOT EXISTS totp_entities (
    key TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL) STRICT`)

  const read = database.prepare('SELECT document FROM totp_entities WHERE key = ?')
  const insert = database.prepare(
    'INSERT INTO totp_entities (key, revision, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const update = database.prepare(
    'UPDATE totp_entities SET revision = ?, document = ? WHERE key = ? AND revision = ?')
  const remove = database.prepare('DELETE FROM totp_entities WHERE key = ? AND revision = ?')
  const list = database.prepare('SELECT key FROM totp_entities WHERE key > ? ORDER BY key LIMIT ?')

  async function get (key: string): Promise<Entity | null> {
    const row = read.get(key) ?? null
    return row === null ? null : JSON.parse(textIn(row, 'document'))
  }

  return {
    get,

    async replace (key, expected, next) {
      // A rollback of the open transaction would make a used code work again.
      if (database.inTransaction) throw new Error('the connection has an open transaction')
      if (next === null && expected === null) return await get(key) === null
      if (next === null) return remove.run(key, expected).changes === 1
      const document = JSON.stringify(next)
      return expected === null
        ? insert.run(key, next.revision, document).changes === 1
        : update.run(next.revision, document, key, expected).changes === 1
    },

    async list (after = '', limit) {
      return list.all(after, limit).map(row => textIn(row, 'key'))
    }
  }
}

function textIn (row: unknown, column: string): string {
  const value: unknown = row instanceof Object ? Reflect.get(row, column) : null
  if (typeof value === 'string') return value
  throw new Error(`a row has no ${column}`)
}
