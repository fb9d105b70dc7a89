import type { PostgresClient } from 'fastify-verify-totp'

/** When two instances create a table at the same time, one of them gets one of these errors. */
const CREATED_MEANWHILE = ['23505', '42P07', '42710']

/** Runs a `CREATE TABLE IF NOT EXISTS` statement. */
export async function createTable (client: PostgresClient, statement: string): Promise<void> {
  try {
    await client.query(statement)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!CREATED_MEANWHILE.includes(code)) throw error
  }
}
