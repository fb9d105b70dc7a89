import { postgresStore, redisStore, type EntityStore } from 'fastify-verify-totp'
import { openDatabase } from './database.js'
import { checkKeys, requireKeys } from './key-check.js'
import { redisSessions } from './redis-sessions.js'
import { openRedis, redisRegister } from './redis.js'
import { sessionsIn, type Sessions } from './session-store.js'
import type { Settings } from './settings.js'

/** Where everything is kept, for all instances that share it. */
export interface Storage {
  readonly store: EntityStore
  readonly sessions: Sessions
  /** Refuses keys that don't open what is kept. */
  checkKeys (keys: readonly Uint8Array[]): Promise<void>
  close (): Promise<void>
}

/** Redis, PostgreSQL, or the embedded PostgreSQL in the data folder. */
export async function openStorage (settings: Settings): Promise<Storage> {
  return settings.redisUrl === null ? await inDatabase(settings) : await inRedis(settings.redisUrl)
}

async function inDatabase (settings: Settings): Promise<Storage> {
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

async function inRedis (url: string): Promise<Storage> {
  const { client, close } = await openRedis(url)
  try {
    // This is a demonstration, which goes on and says why a site in earnest shouldn't: leave `allowLoss` out.
    const store = redisStore({ client, allowLoss: true })
    await store.checkServer()
    await redisStore({ client }).checkServer()
      .catch(({ message }) => console.error(`fastify-verify-totp example: ${message}`))
    const register = redisRegister(client)
    const checkKeys = async (keys: readonly Uint8Array[]) => await requireKeys(register, keys)
    return { store, sessions: redisSessions(client), checkKeys, close }
  } catch (error) {
    await close()
    throw error
  }
}
