import { postgresStore, redisStore, type EntityStore } from 'fastify-verify-totp'
import { openDatabase } from './database.js'
import { checkKeys, requireKeys } from './key-check.js'
import { redisSessions } from './redis-sessions.js'
import { openRedis, redisCheckValue } from './redis.js'
import { sessionsIn, type Sessions } from './session-store.js'
import type { Settings } from './settings.js'

/** The stores of a site. Instances on the same database share them. */
export interface Storage {
  readonly store: EntityStore
  readonly sessions: Sessions
  /** Rejects if the keys can't open the stored secrets. */
  checkKeys (keys: readonly Uint8Array[]): Promise<void>
  close (): Promise<void>
}

/** Opens Redis, PostgreSQL, or the embedded PostgreSQL in the data folder. */
export async function openStorage (settings: Settings): Promise<Storage> {
  const { redisUrl, timeout } = settings
  if (redisUrl === null) return await openDatabaseStorage(settings)
  return await openRedisStorage(redisUrl, timeout * 1000)
}

async function openDatabaseStorage (settings: Settings): Promise<Storage> {
  const { client, close } = await openDatabase(settings)
  try {
    const store = postgresStore({ client })
    const sessions = sessionsIn(client)
    await store.createTable()
    await sessions.createTables()
    return { store, sessions, checkKeys: async keys => await checkKeys(client, keys), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openRedisStorage (url: string, timeout: number): Promise<Storage> {
  const { client, close } = await openRedis(url, timeout)
  try {
    // This demonstration runs on any Redis server and only prints a warning. In production leave `allowLoss`
    // out.
    const store = redisStore({ client, allowLoss: true })
    await store.checkServer()
    await redisStore({ client }).checkServer()
      .catch(({ message }) => console.error(`fastify-verify-totp example: ${message}`))
    const checkValue = redisCheckValue(client)
    const checkKeys = async (keys: readonly Uint8Array[]) => await requireKeys(checkValue, keys)
    return { store, sessions: redisSessions(client), checkKeys, close }
  } catch (error) {
    await close()
    throw error
  }
}
