import { createHmac } from 'node:crypto'
import type { PostgresClient } from 'fastify-verify-totp'
import { createTable } from './create-table.js'
import { StartError } from './start-error.js'

/**
 * Refuses to go on with keys that don't open what is in the database. It keeps a check value of the key
 * that seals, the first, and whoever starts must have that key. So a new key goes before or behind the old
 * one, and the old one can be left out once the new one stood first.
 */
export async function checkKeys (
  client: PostgresClient, [first, ...others]: readonly Uint8Array[]
): Promise<void> {
  if (first === undefined) throw new TypeError('there is no key')
  const sealing = checkValue(first)
  const known = [sealing, ...others.map(checkValue)]
  await createTable(client, `CREATE TABLE IF NOT EXISTS example_key_check (
    id integer PRIMARY KEY CHECK (id = 1), value text NOT NULL)`)
  await client.query('INSERT INTO example_key_check (id, value) VALUES (1, $1) ON CONFLICT DO NOTHING', [sealing])

  for (;;) {
    const { rows: [row] } = await client.query<{ value: string }>('SELECT value FROM example_key_check WHERE id = 1')
    if (row === undefined || !known.includes(row.value)) {
      throw new StartError('the database was used with other keys: the key that seals must be among TOTP_KEYS')
    }
    const { rows: changed } = await client.query(
      'UPDATE example_key_check SET value = $1 WHERE id = 1 AND value = $2 RETURNING id', [sealing, row.value])
    if (changed.length === 1) return
  }
}

/** Known to be of this key, and no help in finding it. */
function checkValue (key: Uint8Array): string {
  return createHmac('sha256', key).update('fastify-verify-totp example key check').digest('base64')
}
