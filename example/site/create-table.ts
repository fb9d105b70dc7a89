import type { PostgresClient } from 'fastify-verify-totp'

/** Two instances that create one table at the same time: the loser gets one of these. */
const CREATED_MEANWHILE = ['23505', '42P07', '42710']

/** Runs a `CREATE TABLE IF NOT EXISTS`. */
export async function createTable (client: PostgresClient, statement: string): Promise<void> {
  try {
    await client.query(statement)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!CREATED_MEANWHILE.includes(code)) throw error
  }
}
