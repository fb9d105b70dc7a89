import { randomUUID } from 'node:crypto'
import type { Entity } from '../entity/entity.js'
import { InvalidOptionError } from '../errors.js'
import { isFrozenDocument } from '../documents/frozen.js'
import { DEFAULT_CACHE_SIZE, documentCache } from './document-cache.js'
import { run, scriptOf, serversOf, type RedisClient } from './redis-client.js'
import { requireKeeping } from './redis-server.js'
import { NO_DOCUMENT, type Store } from '../documents/store.js'

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /**
   * A client of `ioredis` (`Redis`, `Cluster`) or of `redis` (client, pool, sentinel, cluster). Never a
   * pipeline, nor a connection with a MULTI open: what is only queued is rejected, not taken for written.
   */
  readonly client: RedisClient
  /** What the names of all keys begin with. @default 'totp:' */
  readonly prefix?: string
  /**
   * Whether to go on with a server that is known to lose documents, or that doesn't say. A document that is
   * lost is a user whose second factor is gone. @default false
   */
  readonly allowLoss?: boolean
  /**
   * Characters of document text to remember, so that an unchanged document isn't parsed and checked again; 0
   * turns it off. The server is asked for the whole document each time. @default 4000000
   */
  readonly cacheSize?: number
}

/** A store on a server that can be checked. */
export interface RedisStore<Document extends { readonly revision: number } = Entity>
  extends Required<Store<Document>> {
  /**
   * Rejects when the server is a replica, or may lose documents (unless `allowLoss`): because it evicts keys
   * when its memory is full, or keeps no append-only file. The first use of the store does the same; to know
   * before the first user, call this at the start.
   */
  checkServer (): Promise<void>
  /** Goes through all keys of the database, whatever `limit` is: ask for many at once. */
  list (after: string | undefined, limit: number): Promise<string[]>
}

const READ = scriptOf("return redis.call('GET', KEYS[1])")

/**
 * Revisions are compared as text, because Lua's numbers would round them. What is stored already is this very
 * call's own, by its UUID: clients send a command again when the connection broke before the answer came.
 */
const REPLACE = scriptOf(`
  local stored = redis.call('GET', KEYS[1])
  if stored == ARGV[2] then return 'replaced' end
  local revision = ''
  if stored then revision = string.match(stored, '^(%d+) ') end
  if revision ~= ARGV[1] then return 'kept' end
  if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
  return 'replaced'`)

/** The name of a key as the server knows it: a client may put something in front. */
const NAME = scriptOf('return KEYS[1]')
const SCAN = scriptOf("return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', '1000')")

/** What stands before the document: its revision, and the UUID of the write. */
const HEAD = /^([0-9]+) [0-9a-f-]{36} /

/**
 * Keeps documents in Redis, a string for each. What `replace` resolves is as durable as the server makes it:
 *
 * - `appendonly yes` is needed. With `appendfsync always` nothing that was resolved is lost; with `everysec`,
 *   the default, a power cut takes back the last second, and a code of that second works once more.
 * - `maxmemory-policy` has to be `noeviction`, or `volatile-…`: these keys never expire, so that those leave
 *   them alone.
 * - Replicas follow later. A failover can take back any write that the new master hadn't seen: a code works
 *   again, a lock is gone, and so is a factor that was just enrolled, and a factor that was just removed is
 *   back. `min-replicas-to-write` and `min-replicas-max-lag` make that seldom, not impossible; where it
 *   mustn't be, use PostgreSQL with `synchronous_commit` and synchronous replicas.
 */
export function redisStore<Document extends { readonly revision: number } = Entity> (
  { client, prefix = 'totp:', allowLoss = false, cacheSize = DEFAULT_CACHE_SIZE }: RedisStoreOptions
): RedisStore<Document> {
  if (!(client instanceof Object) || !('evalSha' in client || 'evalsha' in client)) {
    throw new InvalidOptionError('client', 'must be a client of ioredis or of redis')
  }

  const cache = documentCache<Document>(cacheSize, parse)
  let checking: Promise<void> | null = null

  async function checkServer (): Promise<void> {
    for (const server of await serversOf(client)) await requireKeeping(server, allowLoss)
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
      // As it is now: whoever asks may change the object while this waits.
      const text = next === null ? '' : `${next.revision} ${randomUUID()} ${JSON.stringify(next)}`
      await checkOnce()
      const outcome = await run(client, REPLACE, [prefix + key], [expected === null ? '' : String(expected), text])
      if (outcome !== 'replaced' && outcome !== 'kept') throw unexpected(outcome)
      // A frozen document is still the one that was written, whatever the caller has done since.
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

/** The names of a server's keys that begin with `prefix`, some of them more than once. */
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
  const document = parsedOrNull(stored.slice(head.length))
  if (revision === undefined || document?.revision !== Number(revision)) throw notDocument(stored)
  return document
}

/** Without the parser's own message: that quotes the document. */
function parsedOrNull (text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function notDocument (stored: unknown): Error {
  return Object.assign(unexpected(stored), { code: NO_DOCUMENT })
}

function unexpected (reply: unknown): Error {
  return new Error(reply === 'QUEUED'
    ? 'the client has a MULTI open, so nothing is known to be written: pass one that nobody else uses for that'
    : 'the server answered what this store can\'t have written')
}
