import { randomBytes } from 'node:crypto'
import pg from 'pg'

const { DATABASE_URL = '' } = process.env

/** The reason to skip a test that needs PostgreSQL, or false. */
export const lackingServer = DATABASE_URL === '' && 'needs DATABASE_URL'

/** An empty database that is dropped after the test. */
export async function emptyDatabase (t: { after (fn: () => Promise<void>): void }): Promise<string> {
  const name = `example_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: DATABASE_URL })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  t.after(async () => {
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await client.end()
  })
  const url = new URL(DATABASE_URL)
  url.pathname = name
  return url.href
}
