import type { Redis } from 'ioredis'
import type { Register } from './key-check.js'

/** Milliseconds that a request waits for Redis. */
const PATIENCE = 5000
const KEY_CHECK = 'example:key-check'

/** Connects to a Redis server. */
export async function openRedis (url: string): Promise<{ client: Redis, close: () => Promise<void> }> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE,
    commandTimeout: PATIENCE,
    // Of a connection whose other end is gone nobody may ever hear: one that doesn't answer is made anew.
    socketTimeout: PATIENCE,
    // What can't be sent now, or wasn't answered, has failed, and isn't sent later, when nobody waits for it.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0
  })
  let reason: unknown
  // A connection that breaks is made again; without a listener each try that fails would be printed.
  client.on('error', error => { reason = error })
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    throw reason ?? error
  }
  return { client, close: async () => client.disconnect() }
}

/** Keeps the check value of the keys. */
export function redisRegister (client: Redis): Register {
  return {
    async begin (value) {
      await client.set(KEY_CHECK, value, 'NX')
    },

    read: async () => await client.get(KEY_CHECK),

    async change (from, to) {
      const changed = await client.eval(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2])
        return 1`, 1, KEY_CHECK, from, to)
      return changed === 1
    }
  }
}
