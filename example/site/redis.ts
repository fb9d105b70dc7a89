import type { Redis } from 'ioredis'
import type { CheckValueStore } from './key-check.js'

const KEY_CHECK = 'example:key-check'

/** Connects to Redis. Each request times out after so many milliseconds. */
export async function openRedis (
  url: string, timeout: number
): Promise<{ client: Redis, close: () => Promise<void> }> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: timeout,
    commandTimeout: timeout,
    // A connection whose other end is gone may never report it, so one that stays silent is reopened.
    socketTimeout: timeout,
    // Commands that can't be sent now fail, instead of being sent after their requests have timed out.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0
  })
  let reason: unknown
  // The client reconnects by itself. Without a listener every failed attempt would be printed.
  client.on('error', error => { reason = error })
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    throw reason ?? error
  }
  return { client, close: async () => client.disconnect() }
}

/** Keeps the check value of the keys in Redis. */
export function redisCheckValue (client: Redis): CheckValueStore {
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
