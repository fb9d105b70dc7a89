import { join } from 'node:path'
import type { PostgresClient } from 'fastify-verify-totp'
import { lockDataFolder } from './data-folder.js'
import type { Settings } from './settings.js'

/** A client of a database, and how to close it. */
export interface Database {
  readonly client: PostgresClient
  close (): Promise<void>
}

/** Opens PostgreSQL, or the embedded one in the data folder, which stays locked until it is closed. */
export async function openDatabase ({ databaseUrl, dataDir, timeout }: Settings): Promise<Database> {
  return databaseUrl === null ? await openEmbedded(dataDir) : await openPool(databaseUrl, timeout * 1000)
}

async function openEmbedded (dataDir: string): Promise<Database> {
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

async function openPool (connectionString: string, timeout: number): Promise<Database> {
  const { default: pg } = await import('pg')
  const client = new pg.Pool({
    connectionString,
    connectionTimeoutMillis: timeout,
    query_timeout: timeout,
    // Without this the server would keep a waiting process for every statement that timed out on a lock.
    statement_timeout: timeout
  })
  // The pool replaces an idle connection that breaks. Without a listener its error would end the process.
  client.on('error', () => {})
  return { client, close: async () => await client.end() }
}
