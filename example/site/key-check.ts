import { createHmac } from 'node:crypto'
import type { PostgresClient } from 'fastify-verify-totp'
import { createTable } from './create-table.js'
import { StartError } from './start-error.js'

/** Keeps the check value of the key that seals. */
export interface CheckValueStore {
  /** Stores the value unless there is one already. */
  begin (value: string): Promise<void>
  read (): Promise<string | null>
  /** Replaces a value by another. False if the stored value is a different one. */
  change (from: string, to: string): Promise<boolean>
}

/**
 * Stops the start if the keys can't open the stored secrets. The database has a check value of the key that
 * seals, the first one, and every instance must have that key. So add a new key before or after the old one,
 * make it the first one everywhere, and only then remove the old one.
 */
export async function requireKeys (
  store: CheckValueStore, [first, ...others]: readonly Uint8Array[]
): Promise<void> {
  if (first === undefined) throw new TypeError('there is no key')
  const sealing = checkValue(first)
  const known = [sealing, ...others.map(checkValue)]
  await store.begin(sealing)

  for (;;) {
    const value = await store.read()
    if (value === null || !known.includes(value)) {
      throw new StartError('the database was used with other keys: add the key that seals its secrets to TOTP_KEYS')
    }
    if (await store.change(value, sealing)) return
  }
}

/** `requireKeys` with the check value in a PostgreSQL database. */
export async function checkKeys (client: PostgresClient, keys: readonly Uint8Array[]): Promise<void> {
  await requireKeys({
    async begin (value) {
      await createTable(client, `CREATE TABLE IF NOT EXISTS example_key_check (
        id integer PRIMARY KEY CHECK (id = 1), value text NOT NULL)`)
      await client.query('INSERT INTO example_key_check (id, value) VALUES (1, $1) ON CONFLICT DO NOTHING', [value])
    },

    async read () {
      const { rows: [row] } = await client.query<{ value: string }>('SELECT value FROM example_key_check WHERE id = 1')
      return row?.value ?? null
    },

    async change (from, to) {
      const { rows } = await client.query(
        'UPDATE example_key_check SET value = $1 WHERE id = 1 AND value = $2 RETURNING id', [to, from])
      return rows.length === 1
    }
  }, keys)
}

/** Identifies a key without revealing it. */
function checkValue (key: Uint8Array): string {
  return createHmac('sha256', key).update('fastify-verify-totp example key check').digest('base64')
}
