import type { Entity, EntityStore } from 'fastify-verify-totp'
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise'

interface Read extends RowDataPacket { document: string | null, inTransaction: number }
interface Listed extends RowDataPacket { id: Buffer }

const DUPLICATE_KEY = 1062
/** The bit of a connection's status that tells of an open transaction. */
const IN_TRANSACTION = 1

/** An entity store with its table in a MariaDB database. */
export async function mariadbStore (pool: Pool): Promise<Required<EntityStore>> {
  // Binary columns compare byte by byte. Text columns ignore case and trailing blanks.
  await pool.query(`CREATE TABLE IF NOT EXISTS totp_entities (
    id VARBINARY(768) NOT NULL PRIMARY KEY, revision BIGINT NOT NULL,
    document LONGTEXT CHARACTER SET utf8mb4 NOT NULL) ENGINE = InnoDB`)

  async function get (key: string): Promise<Entity | null> {
    const [[row]] = await pool.execute<Read[]>(`SELECT @@in_transaction AS inTransaction,
      (SELECT document FROM totp_entities WHERE id = ?) AS document`, [key])
    // In a transaction the database answers with the past: a revoked approval would still count.
    if (row?.inTransaction !== 0) throw new Error('the connection has an open transaction')
    return row.document === null ? null : JSON.parse(row.document)
  }

  async function changesOne (text: string, values: Array<string | number | null>): Promise<boolean> {
    const [{ affectedRows, serverStatus }] = await pool.execute<ResultSetHeader>(text, values)
    // A rollback of the open transaction would make a used code work again.
    if ((serverStatus & IN_TRANSACTION) !== 0) throw new Error('the connection has an open transaction')
    return affectedRows === 1
  }

  return {
    get,

    async replace (key, expected, next) {
      if (next === null && expected === null) return await get(key) === null
      if (next === null) {
        return await changesOne('DELETE FROM totp_entities WHERE id = ? AND revision = ?', [key, expected])
      }
      const { revision } = next
      const document = JSON.stringify(next)
      if (expected === null) {
        return await changesOne('INSERT INTO totp_entities (id, revision, document) VALUES (?, ?, ?)',
          [key, revision, document]).catch(falseIfDuplicate)
      }
      return await changesOne('UPDATE totp_entities SET revision = ?, document = ? WHERE id = ? AND revision = ?',
        [revision, document, key, expected])
    },

    async list (after = '', limit) {
      const [rows] = await pool.execute<Listed[]>(
        'SELECT id FROM totp_entities WHERE id > ? ORDER BY id LIMIT ?', [after, limit])
      return rows.map(({ id }) => id.toString())
    }
  }
}

function falseIfDuplicate (error: Error & { readonly errno?: number }): false {
  if (error.errno === DUPLICATE_KEY) return false
  throw error
}
