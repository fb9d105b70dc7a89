import { join } from 'node:path'
import type { PostgresClient } from 'fastify-verify-totp'
import { lockDataFolder } from './data-folder.js'
import type { Settings } from './settings.js'

/** A database that can be closed. */
export interface Database {
  readonly client: PostgresClient
  close (): Promise<void>
}

/** Milliseconds that a request waits for PostgreSQL. */
const PATIENCE = 5000

/** PostgreSQL, or the embedded one in the data folder, which is locked for as long. */
export async function openDatabase ({ databaseUrl, dataDir }: Settings): Promise<Database> {
  return databaseUrl === null ? await embedded(dataDir) : await server(databaseUrl)
}

async function embedded (dataDir: string): Promise<Database> {
  const unlock = await lockDataFolder(dataDir)
  try {
    const { PGlite } = await import('@electric-sql/pglite')
    const client = await PGlite.create(join(dataDir, 'pglite'))
    return {
      client,
      async close () {
        await client.close()
        await unlock()
      }
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

async function server (connectionString: string): Promise<Database> {
  const { default: pg } = await import('pg')
  const client = new pg.Pool({
    connectionString,
    connectionTimeoutMillis: PATIENCE,
    query_timeout: PATIENCE,
    // The server gives up as well: else each try at what is locked would leave it one process that waits.
    statement_timeout: PATIENCE
  })
  // An idle connection that breaks is replaced; without a listener it would end the process.
  client.on('error', () => {})
  return { client, close: async () => await client.end() }
}
