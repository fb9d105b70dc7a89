import { createHmac } from 'node:crypto'
import type { PostgresClient } from 'fastify-verify-totp'
import { createTable } from './create-table.js'
import { StartError } from './start-error.js'

/** Where the check value is kept. */
export interface Register {
  /** Keeps the value, unless there is one. */
  begin (value: string): Promise<void>
  read (): Promise<string | null>
  /** Puts a value in the place of another; false when that isn't there any more. */
  change (from: string, to: string): Promise<boolean>
}

/**
 * Refuses to go on with keys that don't open what is kept. There is a check value of the key that seals, the
 * first, and whoever starts must have that key. So a new key goes before or behind the old one, and the old
 * one can be left out once the new one stood first.
 */
export async function requireKeys (
  register: Register, [first, ...others]: readonly Uint8Array[]
): Promise<void> {
  if (first === undefined) throw new TypeError('there is no key')
  const sealing = checkValue(first)
  const known = [sealing, ...others.map(checkValue)]
  await register.begin(sealing)

  for (;;) {
    const value = await register.read()
    if (value === null || !known.includes(value)) {
      throw new StartError('the database was used with other keys: the key that seals must be among TOTP_KEYS')
    }
    if (await register.change(value, sealing)) return
  }
}

/** The same with the check value in a PostgreSQL database. */
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

/** Known to be of this key, and no help in finding it. */
function checkValue (key: Uint8Array): string {
  return createHmac('sha256', key).update('fastify-verify-totp example key check').digest('base64')
}
