import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { redisStore, type IoredisClient, type RedisClient, type RedisStore } from '../../../dist/index.js'
import { fill, type Crowd } from './crowd.js'
import type { Place } from './place.js'
import { Lacking } from './row.js'
import type { WatchedStore } from './round-trips.js'

/** Names of the row's own, in the Redis that is there. */
export interface RedisPrefix extends Place {
  readonly drivers: readonly RedisDriver[]
  /** The server, and how it writes. */
  readonly server: string
  /** A store that has everybody. */
  keysOf (crowd: Crowd): Promise<RedisKeys>
}

/** As much of a client as is measured bare. */
export interface RedisDriver {
  readonly name: 'ioredis' | 'node-redis'
  readonly client: RedisClient
  get (name: string): Promise<string | null>
  evalsha (sha1: string, name: string, expected: string, next: string): Promise<unknown>
}

/** Keys with a prefix of their own, the store on them of each driver, and one that is watched. */
export interface RedisKeys extends WatchedStore {
  readonly prefix: string
  storeOf (driver: RedisDriver): RedisStore
}

/** A new prefix, all keys of which are deleted when it is closed. */
export async function ownPrefix (): Promise<RedisPrefix> {
  const url = process.env['REDIS_URL']
  if (url === undefined) throw new Lacking('It needs a Redis: set `REDIS_URL`, as redis://127.0.0.1:6379.')
  const ioredis = new Redis(url)
  const nodeRedis = await createClient({ url }).connect()
  const own = `bench:${randomBytes(8).toString('hex')}:`
  let sets = 0

  return {
    drivers: [
      {
        name: 'ioredis',
        client: ioredis,
        get: async name => await ioredis.get(name),
        evalsha: async (sha1, name, ...values) => await ioredis.evalsha(sha1, 1, name, ...values)
      },
      {
        name: 'node-redis',
        client: nodeRedis,
        get: async name => await nodeRedis.get(name),
        evalsha: async (sha1, name, ...values) =>
          await nodeRedis.evalSha(sha1, { keys: [name], arguments: values })
      }
    ],
    server: await serverOf(ioredis),

    async keysOf (crowd) {
      const prefix = `${own}${sets++}:`
      const storeOf = ({ client }: Pick<RedisDriver, 'client'>) => redisStore({ client, prefix })
      const plain = storeOf({ client: ioredis })
      await plain.checkServer().catch((error: Error) => { throw new Lacking(error.message) })
      await fill(plain, crowd)
      const { client, sent } = watched(ioredis)
      return { prefix, storeOf, store: storeOf({ client }), sent }
    },

    async close () {
      for await (const names of ioredis.scanStream({ match: `${own}*`, count: 1000 })) {
        if (names.length > 0) await ioredis.unlink(names)
      }
      await Promise.all([ioredis.quit(), nodeRedis.close()])
    }
  }
}

function watched (ioredis: Redis): { client: IoredisClient, sent: string[] } {
  const sent: string[] = []
  return {
    sent,
    client: {
      async evalsha (sha1, ...args) {
        sent.push(sha1)
        return await ioredis.evalsha(sha1, ...args)
      },
      async eval (script, ...args) {
        sent.push(script)
        return await ioredis.eval(script, ...args)
      }
    }
  }
}

async function serverOf (ioredis: Redis): Promise<string> {
  const [, version = ''] = /^redis_version:(.*)\r$/m.exec(await ioredis.info('server')) ?? []
  const settings = await Promise.all(['appendonly', 'appendfsync'].map(async name =>
    await ioredis.config('GET', name)))
  return `Redis ${[version, ...settings.map(setting => String(setting).replace(',', ' '))].join(', ')}.`
}
