import { randomUUID } from 'node:crypto'
import type { Entity } from '../entity/entity.js'
import { InvalidOptionError } from '../errors.js'
import { isFrozenDocument } from '../documents/frozen.js'
import { DEFAULT_CACHE_SIZE, documentCache } from './document-cache.js'
import { parseOrNull } from './json.js'
import { run, scriptOf, serversOf, type RedisClient } from './redis-client.js'
import { requireDurableServer } from './redis-server.js'
import { NO_DOCUMENT, type Store } from '../documents/store.js'
import { ownOnly } from '../own-property.js'

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /**
   * A client of `ioredis` (`Redis`, `Cluster`) or of `redis` (client, pool, sentinel, cluster). Not a
   * pipeline or a connection with an open MULTI: a write that is only queued is rejected. Throws
   * `InvalidOptionError` for anything else.
   */
  readonly client: RedisClient
  /** Prefix of every key's name. @default 'totp:' */
  readonly prefix?: string
  /**
   * Whether to use a server that may lose documents, or that hides its settings. Lose a document, and the
   * user has no second factor. @default false
   */
  readonly allowLoss?: boolean
  /**
   * Characters of document text to cache, so an unchanged document isn't parsed and checked again; 0 turns
   * the cache off. The server is asked for the whole document each time. Throws `InvalidOptionError` unless
   * it is an integer of 0 or more. @default 4000000
   */
  readonly cacheSize?: number
}

/** A store on a Redis server, whose settings it can check. */
export interface RedisStore<Document extends { readonly revision: number } = Entity>
  extends Required<Store<Document>> {
  /**
   * Rejects when the server is a replica, or, unless `allowLoss` is set, when it may lose documents: because
   * it evicts keys when its memory is full, or has no append-only file. The first use of the store checks
   * this too. Call it at boot to fail before the first user does.
   */
  checkServer (): Promise<void>
  /** Scans all keys of the database, however small `limit` is, so pass a large one. */
  list (after: string | undefined, limit: number): Promise<string[]>
}

const READ = scriptOf("return redis.call('GET', KEYS[1])")

/**
 * Revisions are compared as text, because Lua would round them as numbers. Clients repeat a command when the
 * connection broke before its answer: the UUID shows that the stored document is this call's own.
 */
const REPLACE = scriptOf(`
  local stored = redis.call('GET', KEYS[1])
  if stored == ARGV[2] then return 'replaced' end
  local revision = ''
  if stored then revision = string.match(stored, '^(%d+) ') end
  if revision ~= ARGV[1] then return 'kept' end
  if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
  return 'replaced'`)

/** The name of a key on the server: the client may add its own prefix. */
const NAME = scriptOf('return KEYS[1]')
const SCAN = scriptOf("return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', '1000')")

/** The text before the document: its revision, and the UUID of the write. */
const HEAD = /^([0-9]+) [0-9a-f-]{36} /

/**
 * Keeps documents in Redis, one string each. A resolved write is as durable as the server makes it:
 *
 * - `appendonly yes` is required. With `appendfsync always` no resolved write is lost. With `everysec`, the
 *   default, a power cut undoes the last second, and a code used in it works again.
 * - `maxmemory-policy` has to be `noeviction` or `volatile-…`: the keys never expire, so both spare them.
 * - Replicas lag behind. A failover undoes the writes that the new master hadn't received: a used code works
 *   again, a lock or a new factor is gone, a removed factor is back. `min-replicas-to-write` and
 *   `min-replicas-max-lag` make that rare, not impossible. To rule it out, use PostgreSQL with
 *   `synchronous_commit` and synchronous replicas.
 */
export function redisStore<Document extends { readonly revision: number } = Entity> (
  options: RedisStoreOptions
): RedisStore<Document> {
  const { client, prefix = 'totp:', allowLoss = false, cacheSize = DEFAULT_CACHE_SIZE } = ownOnly(options)
  if (!(client instanceof Object) || !('evalSha' in client || 'evalsha' in client)) {
    throw new InvalidOptionError('client', 'must be a client of ioredis or of redis')
  }

  const cache = documentCache<Document>(cacheSize, parse)
  let checking: Promise<void> | null = null

  async function checkServer (): Promise<void> {
    for (const server of await serversOf(client)) await requireDurableServer(server, allowLoss)
  }

  async function checkOnce (): Promise<void> {
    checking ??= checkServer().catch(error => {
      checking = null
      throw error
    })
    await checking
  }

  return {
    checkServer,

    async get (key) {
      await checkOnce()
      const stored = await run(client, READ, [prefix + key])
      if (stored === null) return null
      if (typeof stored !== 'string') throw notDocument(stored)
      return cache.documentOf(key, stored)
    },

    async replace (key, expected, next) {
      // The text of now: the caller may change the object while this waits.
      const text = next === null ? '' : `${next.revision} ${randomUUID()} ${JSON.stringify(next)}`
      await checkOnce()
      const outcome = await run(client, REPLACE, [prefix + key], [expected === null ? '' : String(expected), text])
      if (outcome !== 'replaced' && outcome !== 'kept') throw unexpected(outcome)
      // A frozen document can't have changed since its text was made.
      if (outcome === 'replaced' && next !== null && isFrozenDocument(next)) cache.remember(key, text, next)
      return outcome === 'replaced'
    },

    async list (after, limit) {
      await checkOnce()
      const name = await run(client, NAME, [prefix])
      if (typeof name !== 'string') throw unexpected(name)
      const keys = new Set<string>()
      for (const server of await serversOf(client)) {
        for await (const found of namesOn(server, name)) keys.add(found.slice(name.length))
      }
      return [...keys].filter(key => after === undefined || key > after).sort().slice(0, limit)
    }
  }
}

/** The names of a server's keys that begin with `prefix`; some may come more than once. */
async function * namesOn (server: RedisClient, prefix: string): AsyncGenerator<string> {
  const pattern = `${prefix.replace(/[\\*?[\]^-]/g, '\\$&')}*`
  let cursor = '0'
  do {
    const page: unknown = await run(server, SCAN, [], [cursor, pattern])
    if (!isPage(page)) throw unexpected(page)
    cursor = page[0]
    yield * page[1]
  } while (cursor !== '0')
}

function isPage (reply: unknown): reply is [cursor: string, names: string[]] {
  return Array.isArray(reply) && typeof reply[0] === 'string' && Array.isArray(reply[1])
}

function parse (stored: string) {
  const [head = '', revision] = HEAD.exec(stored) ?? []
  const document = parseOrNull(stored.slice(head.length))
  if (revision === undefined || document?.revision !== Number(revision)) throw notDocument(stored)
  return document
}

function notDocument (stored: unknown): Error {
  return Object.assign(unexpected(stored), { code: NO_DOCUMENT })
}

function unexpected (reply: unknown): Error {
  return new Error(reply === 'QUEUED'
    ? 'the client has an open MULTI, so the write is only queued: pass a client without one'
    : 'the server returned something that this store did not write')
}
