import type { Redis } from 'ioredis'
import type { Register } from './key-check.js'

/** Milliseconds that a request waits for Redis. */
const PATIENCE = 5000
const KEY_CHECK = 'example:key-check'

/** Connects to a Redis server. */
export async function openRedis (url: string): Promise<{ client: Redis, close: () => Promise<void> }> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, commandTimeout: PATIENCE })
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
