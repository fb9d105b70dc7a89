import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { redisStore } from '../../src/index.js'
import type { Database } from './database.js'

/** Keys of its own on the Redis server at `url`. */
export async function redisDatabase (url: string): Promise<Database> {
  const client = new Redis(url)
  const prefix = `totp-growth-${randomBytes(6).toString('hex')}:`
  const store = redisStore({ client, prefix })
  await store.checkServer()

  async function numberOf (section: string, name: string): Promise<number> {
    const info = await client.info(section)
    return Number(new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1])
  }

  const memory = async () => await numberOf('memory', 'used_memory_dataset')
  const empty = await memory()

  return {
    name: 'Redis',
    store,
    sizes: async () => ({ memory: await memory() - empty }),
    // The append-only file is rewritten now and then, and is smaller afterwards.
    logged: async () => NaN,
    processorTime: async () =>
      await numberOf('cpu', 'used_cpu_user') + await numberOf('cpu', 'used_cpu_sys'),

    async close () {
      for await (const names of client.scanStream({ match: `${prefix}*`, count: 1000 })) {
        if (names.length > 0) await client.unlink(names)
      }
      client.disconnect()
    }
  }
}
