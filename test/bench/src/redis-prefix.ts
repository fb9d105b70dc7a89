import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { redisStore, type IoredisClient, type RedisClient, type RedisStore } from '../../../dist/index.js'
import { fill, type Crowd } from './crowd.js'
import type { WatchedStore } from './round-trips.js'
import { UnavailableError } from './row.js'
import type { RowPlace } from './row-place.js'
import type { StoreOptions } from './store-options.js'

/** Keys of the row's own, in the Redis of `REDIS_URL`. */
export interface RedisPrefix extends RowPlace {
  /** ioredis, which is the faster one. */
  readonly ioredis: RedisDriver
  readonly drivers: readonly RedisDriver[]
  /** The server, and how it writes. */
  readonly server: string
  /** New keys that hold the whole crowd. */
  keysOf (crowd: Crowd): Promise<RedisKeys>
}

/** The part of a client that is measured bare. */
export interface RedisDriver {
  readonly name: 'ioredis' | 'node-redis'
  readonly client: RedisClient
  get (name: string): Promise<string | null>
  evalsha (sha1: string, name: string, ...values: string[]): Promise<unknown>
}

/** Keys with a prefix of their own, and stores on them. */
export interface RedisKeys {
  readonly prefix: string
  /** Through ioredis. */
  readonly watched: WatchedStore
  storeOf (driver: Pick<RedisDriver, 'client'>, options?: StoreOptions): RedisStore
}

/** Takes a prefix. Closing it deletes all keys that have it. */
export async function ownPrefix (): Promise<RedisPrefix> {
  const url = process.env['REDIS_URL']
  if (url === undefined) throw new UnavailableError('It needs a Redis: set `REDIS_URL`, as redis://127.0.0.1:6379.')
  const client = new Redis(url)
  const nodeClient = await createClient({ url }).connect()
  const own = `bench:${randomBytes(8).toString('hex')}:`
  let sets = 0
  const ioredis: RedisDriver = {
    name: 'ioredis',
    client,
    get: async name => await client.get(name),
    evalsha: async (sha1, name, ...values) => await client.evalsha(sha1, 1, name, ...values)
  }
  const nodeRedis: RedisDriver = {
    name: 'node-redis',
    client: nodeClient,
    get: async name => await nodeClient.get(name),
    evalsha: async (sha1, name, ...values) =>
      await nodeClient.evalSha(sha1, { keys: [name], arguments: values })
  }

  return {
    ioredis,
    drivers: [ioredis, nodeRedis],
    server: await serverOf(client),

    async keysOf (crowd) {
      const prefix = `${own}${sets++}:`
      const storeOf: RedisKeys['storeOf'] = ({ client }, options = {}) =>
        redisStore({ client, prefix, ...options })
      const plain = storeOf(ioredis)
      await plain.checkServer().catch((error: Error) => { throw new UnavailableError(error.message) })
      await fill(plain, crowd)
      const { client: watcher, sent } = watch(client)
      return { prefix, storeOf, watched: { store: storeOf({ client: watcher }), sent } }
    },

    async close () {
      for await (const names of client.scanStream({ match: `${own}*`, count: 1000 })) {
        if (names.length > 0) await client.unlink(names)
      }
      await Promise.all([client.quit(), nodeClient.close()])
    }
  }
}

function watch (ioredis: Redis): { client: IoredisClient, sent: string[] } {
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
