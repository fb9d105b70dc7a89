import { randomBytes } from 'node:crypto'
import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createCluster } from 'redis'
import t, { type Test } from 'tap'
import { freezeDocument } from '../../src/documents/frozen.js'
import { storeSuite } from '../../src/testing.js'
import type { RedisClient } from '../../src/stores/redis-client.js'
import { redisStore, type RedisStore, type RedisStoreOptions } from '../../src/stores/redis.js'
import { entityWith } from '../entity/documents.js'
import { untyped } from '../untyped.js'
import { everyCall } from './every-call.js'
import { lackingProgram, redisServer } from './redis-server.js'

const { REDIS_URL = '' } = process.env

type Opened<Client> = { readonly client: Client, readonly store: RedisStore }
type Options = Omit<RedisStoreOptions, 'client'>

async function ioredis (t: Test, url: string, options?: Options): Promise<Opened<Redis>> {
  const client = new Redis(url, { maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true })
  client.on('error', () => {})
  t.teardown(() => client.disconnect())
  await client.connect()
  return { client, store: redisStore({ client, ...options }) }
}

async function nodeRedis (t: Test, url: string, options?: Options) {
  const client = createClient({ url, disableOfflineQueue: true })
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  await client.connect()
  return { client, store: redisStore({ client, ...options }) }
}

t.test('on Redis', { skip: REDIS_URL === '' && 'needs REDIS_URL' }, async t => {
  const prefixes: string[] = []
  const options = () => {
    const prefix = `totp-test-[*?]-${randomBytes(6).toString('hex')}:`
    prefixes.push(prefix)
    return { prefix, allowLoss: true }
  }
  const one = await ioredis(t, REDIS_URL)
  const two = await nodeRedis(t, REDIS_URL)
  const pool = createClientPool({ url: REDIS_URL })
  await pool.connect()
  const auto = new Redis(REDIS_URL, { enableAutoPipelining: true, keyPrefix: 'a*:', stringNumbers: true })
  t.teardown(async () => {
    for (const prefix of prefixes) {
      const store = redisStore({ client: two.client, prefix, allowLoss: true })
      const behind = redisStore({ client: two.client, prefix: `a*:${prefix}`, allowLoss: true })
      for (const { list, name } of [{ ...store, name: prefix }, { ...behind, name: `a*:${prefix}` }]) {
        for (const key of await list(undefined, Infinity)) await two.client.del(name + key)
      }
    }
    await pool.close()
    auto.disconnect()
  })

  await t.test('by ioredis and by node-redis', async t => {
    const settings = options()
    const stores = [one, two].map(({ client }) => redisStore({ client, ...settings }))
    storeSuite({ test: t.test, factory: () => stores.pop() ?? one.store })
  })

  await t.test('with auto-pipelining, with the client\'s own key prefix, and with a pool', async t => {
    const { prefix, allowLoss } = options()
    const stores = [
      redisStore({ client: auto, prefix, allowLoss }), redisStore({ client: pool, prefix: `a*:${prefix}`, allowLoss })
    ]
    storeSuite({ test: t.test, factory: () => stores.pop() ?? one.store })
  })
})

t.test('on servers of its own', { skip: lackingProgram }, async t => {
  const server = await redisServer(t)
  const one = await ioredis(t, server.url)
  const two = await nodeRedis(t, server.url)
  const clients = [['ioredis', one], ['node-redis', two]] as const
  t.beforeEach(async () => { await one.client.flushall() })

  await t.test('of many simultaneous replacements by both clients, one wins', async t => {
    await one.store.replace('identity:alice', null, entityWith({ revision: 1 }))
    const wins = await Promise.all(Array.from({ length: 50 }, async (_, generation) => {
      const { store } = generation % 2 === 0 ? one : two
      return await store.replace('identity:alice', 1, entityWith({ revision: 2, generation })) ? [generation] : []
    }))
    t.equal(wins.flat().length, 1)
    t.same([(await two.store.get('identity:alice'))?.generation], wins.flat())
  })

  await t.test('revisions are compared by all digits', async t => {
    const last = Number.MAX_SAFE_INTEGER
    for (const [name, { store }] of clients) {
      t.equal(await store.replace(name, null, entityWith({ revision: last - 1 })), true)
      for (const expected of [last, last - 2, 0, 9]) t.equal(await store.replace(name, expected, null), false)
      t.equal(await store.replace(name, last - 1, entityWith({ revision: last })), true)
      t.equal((await store.get(name))?.revision, last)
    }
  })

  await t.test('a server that has lost the scripts gets them again', async t => {
    for (const [name, { store }] of clients) {
      await one.client.script('FLUSH')
      t.equal(await store.replace(name, null, entityWith({ revision: 1 })), true)
      await one.client.script('FLUSH')
      t.equal((await store.get(name))?.revision, 1)
      await one.client.script('FLUSH')
      t.same(await store.list(undefined, 1), [name])
      t.equal(await store.replace(name, 1, null), true)
    }
  })

  await t.test('an unchanged document is the same object, and a change of another client is seen at once', async t => {
    const elsewhere = redisStore({ client: two.client, cacheSize: 0 })
    await one.store.replace('identity:alice', null, entityWith({ revision: 1 }))
    const document = await one.store.get('identity:alice')
    t.equal(await one.store.get('identity:alice'), document)
    t.ok(Object.isFrozen(document?.approvals))
    t.not(await elsewhere.get('identity:alice'), await elsewhere.get('identity:alice'), 'without a cache')
    // The same revision with other content: the document counts, not its number.
    await elsewhere.replace('identity:alice', 1, entityWith({ revision: 1, generation: 5 }))
    t.equal((await one.store.get('identity:alice'))?.generation, 5)
    await elsewhere.replace('identity:alice', 1, null)
    t.equal(await one.store.get('identity:alice'), null)
  })

  await t.test('a frozen document that was written isn\'t parsed again, and another one is', async t => {
    const frozen = freezeDocument(entityWith({ revision: 1 }))
    await one.store.replace('identity:alice', null, frozen)
    t.equal(await one.store.get('identity:alice'), frozen)
    const loose = entityWith({ revision: 2, generation: 5 })
    await one.store.replace('identity:alice', 1, loose)
    t.not(await one.store.get('identity:alice'), loose)
    t.notOk(Object.isFrozen(loose), 'it stays the caller\'s')
    const loser = freezeDocument(entityWith({ revision: 2, generation: 6 }))
    t.equal(await one.store.replace('identity:alice', 1, loser), false)
    t.equal((await one.store.get('identity:alice'))?.generation, 5)
  })

  await t.test('a document never expires', async t => {
    await one.store.replace('identity:alice', null, entityWith({ revision: 1 }))
    await one.client.expire('totp:identity:alice', 1000)
    await one.store.replace('identity:alice', 1, entityWith({ revision: 2 }))
    t.equal(await one.client.ttl('totp:identity:alice'), -1)
  })

  await t.test('a foreign value under a key of ours is a rejection, and isn\'t overwritten', async t => {
    const whole = `1 ${'0'.repeat(36)} {"revision":1}`
    const strange = [
      '', 'secret', '1', '1 ', '{"revision":1}', whole.replace('{', ''), whole.replace('1', '2'), ` ${whole}`
    ]
    for (const text of strange) {
      await one.client.set('totp:identity:alice', text)
      for (const [, { store }] of clients) {
        const error = await store.get('identity:alice').then(() => t.fail(text), error => error)
        t.match(error, { code: 'ERR_NO_DOCUMENT', message: /did not write/ })
        t.notMatch(error.message, 'secret')
        t.equal(await store.replace('identity:alice', null, entityWith()), false, text)
      }
      t.equal(await one.client.get('totp:identity:alice'), text)
    }
    await one.client.set('totp:identity:alice', whole)
    t.same(await one.store.get('identity:alice'), { revision: 1 })
    await one.client.del('totp:identity:alice')
    await one.client.rpush('totp:identity:alice', whole)
    for (const [, { store }] of clients) {
      await t.rejects(store.get('identity:alice'), { message: /^WRONGTYPE/ })
      await t.rejects(store.replace('identity:alice', null, entityWith()), { message: /WRONGTYPE/ })
    }
  })

  await t.test('a list has only keys of ours', async t => {
    const store = redisStore({ client: one.client, prefix: 'a[b]*\\^-c?:' })
    for (const key of ['a', 'b', 'c']) await store.replace(key, null, entityWith())
    await one.client.mset(
      'ab', '', 'abX\\^-c?:d', '', 'a[b]X\\^-c?:e', '', 'a[b]*\\^-cX:f', '', 'totp:identity:alice', '')
    t.same(await store.list(undefined, Infinity), ['a', 'b', 'c'])
    t.same(await store.list('a', 1), ['b'])
  })

  await t.test('a write that is only queued is rejected', async t => {
    const { client, store } = await ioredis(t, server.url)
    await store.replace('identity:alice', null, entityWith({ revision: 1 }))
    await client.multi({ pipeline: false })
    const open = { message: /has an open MULTI/ }
    await t.rejects(store.get('identity:alice'), open)
    await t.rejects(store.replace('identity:alice', 1, entityWith({ revision: 2 })), open)
    await t.rejects(store.list(undefined, 1), open)
    await client.discard()
    t.equal((await store.get('identity:alice'))?.revision, 1)
  })

  await t.test('a server that may lose documents is refused, by checkServer and at the first use', async t => {
    const lossy = [
      ['maxmemory-policy', 'allkeys-lru', 'noeviction'], ['maxmemory-policy', 'allkeys-random', 'noeviction'],
      ['appendonly', 'no', 'yes']
    ] as const
    for (const [name, worse, better] of lossy) {
      await one.client.config('SET', name, worse)
      const refused = { message: /^the Redis server may lose documents.*allowLoss: true/ }
      for (const { client } of [one, two]) {
        const store = redisStore({ client })
        await t.rejects(store.checkServer(), refused, worse)
        await t.rejects(store.get('identity:alice'), refused)
        await t.rejects(store.replace('identity:alice', null, entityWith()), refused)
        await t.rejects(store.list(undefined, 1), refused)
        await t.resolves(redisStore({ client, allowLoss: true }).checkServer())
        t.equal(await redisStore({ client, allowLoss: true }).get('identity:alice'), null)
        await one.client.config('SET', name, better)
        t.equal(await store.get('identity:alice'), null, 'once it is mended the store goes on')
        await one.client.config('SET', name, worse)
      }
      await one.client.config('SET', name, better)
    }
    for (const policy of ['volatile-lru', 'volatile-ttl']) {
      await one.client.config('SET', 'maxmemory-policy', policy)
      await t.resolves(redisStore({ client: one.client }).checkServer(), policy)
    }
    await one.client.config('SET', 'maxmemory-policy', 'noeviction')
  })

  await t.test('full memory is a rejection, even under a policy that spares these keys', async t => {
    for (const policy of ['noeviction', 'volatile-lru']) {
      await one.store.replace(policy, null, entityWith({ revision: 1 }))
      await one.client.config('SET', 'maxmemory-policy', policy, 'maxmemory', '1')
      await t.rejects(one.store.replace(policy, 1, entityWith({ revision: 2 })), { message: /OOM/ })
      await t.rejects(two.store.replace('another', null, entityWith()), { message: /OOM/ })
      t.equal((await two.store.get(policy))?.revision, 1)
      await one.client.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction')
    }
  })

  await t.test('a server that hides its settings is refused, unless loss is allowed', async t => {
    await one.client.acl('SETUSER', 'managed', 'on', '>secret', '~*', '+@all', '-info', '-config')
    const { client } = await ioredis(t, server.url.replace('//', '//managed:secret@'))
    await t.rejects(redisStore({ client }).checkServer(), {
      message: /maxmemory_policy is unknown \(it refuses INFO: .*\), aof_enabled is unknown.*allowLoss: true/
    })
    const store = redisStore({ client, allowLoss: true })
    await t.resolves(store.checkServer())
    t.equal(await store.replace('identity:alice', null, entityWith({ revision: 1 })), true)
    t.equal((await store.get('identity:alice'))?.revision, 1)
  })

  await t.test('a replica is refused, even if loss is allowed', async t => {
    const replica = await redisServer(t, '--replicaof', '127.0.0.1', String(server.port))
    for (const open of [ioredis, nodeRedis]) {
      const { store } = await open(t, replica.url, { allowLoss: true })
      await t.rejects(store.checkServer(), { message: /is a replica/ })
      await t.rejects(store.get('identity:alice'), { message: /is a replica/ })
    }
  })

  await t.test('documents that were acknowledged before a kill are there after it', async t => {
    const crashing = await redisServer(t)
    const { store } = await ioredis(t, crashing.url)
    const revisions = new Map<string, number>()
    const writing = Array.from({ length: 10 }, async (_, i) => {
      const key = `identity:${i}`
      await store.replace(key, null, entityWith({ revision: 0 }))
      for (let revision = 0; ; revision++) {
        if (!await store.replace(key, revision, entityWith({ revision: revision + 1 }))) throw new Error('lost')
        revisions.set(key, revision + 1)
        if (revision === 20) await crashing.kill()
      }
    })
    const ends = await Promise.allSettled(writing)
    t.same(ends.map(end => end.status === 'rejected' && end.reason.message === 'lost'), ends.map(() => false))
    await crashing.start()
    const after = await nodeRedis(t, crashing.url)
    for (const [key, revision] of revisions) {
      const kept = (await after.store.get(key))?.revision ?? 0
      t.ok(kept === revision || kept === revision + 1, `${key}: ${kept}, of which ${revision} were acknowledged`)
    }
    t.equal(revisions.size, 10)
  })

  await t.test('a write whose answer was lost is recognized when the client repeats it', async t => {
    const { client } = await ioredis(t, server.url)
    const twice = {
      evalsha: async (...args: Parameters<Redis['evalsha']>) => {
        await client.evalsha(...args)
        return await client.evalsha(...args)
      },
      eval: client.eval.bind(client)
    }
    const store = redisStore({ client: untyped(twice) })
    await one.store.replace('warm', null, entityWith())
    t.equal(await store.replace('identity:alice', null, entityWith({ revision: 1 })), true)
    t.equal(await store.replace('identity:alice', 1, entityWith({ revision: 2 })), true)
    t.equal(await one.store.replace('identity:alice', 1, entityWith({ revision: 2 })), false,
      'the same document from somebody else is not')
  })

  await t.test('a dead server is a rejection, never false or null', async t => {
    const mortal = await redisServer(t)
    const stores = [(await ioredis(t, mortal.url)).store, (await nodeRedis(t, mortal.url)).store]
    for (const store of stores) await store.get('identity:alice')
    await mortal.kill()
    const late = new Redis(mortal.port, { lazyConnect: true, retryStrategy: null })
    late.on('error', () => {})
    for (const store of [...stores, redisStore({ client: late })]) {
      await t.rejects(store.checkServer())
      await t.rejects(store.get('identity:alice'))
      await t.rejects(store.list(undefined, 1))
      const writes = [[null, entityWith()], [1, entityWith()], [1, null], [null, null]] as const
      for (const [expected, next] of writes) await t.rejects(store.replace('identity:alice', expected, next))
    }
  })

  await t.test('a server that doesn\'t answer in time is a rejection', async t => {
    const frozen = await redisServer(t)
    const client = new Redis(frozen.port, { commandTimeout: 5000 })
    t.teardown(() => client.disconnect())
    const store = redisStore({ client })
    await store.get('identity:alice')
    frozen.freeze()
    await Promise.all([
      t.rejects(store.get('identity:alice'), { message: /timed out/ }),
      t.rejects(store.replace('identity:alice', null, entityWith()), { message: /timed out/ }),
      t.rejects(store.list(undefined, 1), { message: /timed out/ })
    ])
  })
})

t.test('on a cluster', { skip: lackingProgram }, async t => {
  const [one, two, replica] = await Promise.all(['one', 'two', 'replica'].map(async () =>
    await redisServer(t, '--cluster-enabled', 'yes', '--cluster-node-timeout', '15000')))
  if (one === undefined || two === undefined || replica === undefined) throw new Error('there are three')
  const [first, second, third] = [new Redis(one.port), new Redis(two.port), new Redis(replica.port)]
  t.teardown(() => { for (const client of [first, second, third]) client.disconnect() })
  await first.cluster('ADDSLOTSRANGE', 0, 8191)
  await second.cluster('ADDSLOTSRANGE', 8192, 16383)
  await second.cluster('MEET', '127.0.0.1', one.port)
  await third.cluster('MEET', '127.0.0.1', one.port)
  const id = await first.cluster('MYID')
  const until = async (met: () => Promise<boolean>) => { while (!await met()) continue }
  await until(async () => await third.cluster('REPLICATE', id).then(() => true, () => false))
  for (const client of [first, second, third]) {
    await until(async () => String(await client.cluster('INFO')).includes('cluster_state:ok'))
    await until(async () => String(await client.cluster('SLOTS')).includes(String(replica.port)))
  }
  await until(async () => (await third.info('replication')).includes('master_link_status:up'))

  const cluster = new Cluster([{ host: '127.0.0.1', port: one.port }], { scaleReads: 'slave' })
  t.teardown(() => cluster.disconnect())
  const nodeCluster = createCluster({ rootNodes: [{ url: one.url }], useReplicas: true })
  await nodeCluster.connect()
  t.teardown(() => nodeCluster.destroy())
  const clients = [['ioredis', cluster], ['node-redis', nodeCluster]] as const

  await t.test('by clients that send other reads to replicas', async t => {
    const turns: RedisClient[] = [cluster, nodeCluster]
    storeSuite({ test: t.test, factory: () => redisStore({ client: turns.pop() ?? cluster, prefix: 'suite:' }) })
  })

  await t.test('each of its masters is checked', async t => {
    for (const server of [first, second]) {
      await server.config('SET', 'appendonly', 'no')
      for (const [name, client] of clients) {
        await t.rejects(redisStore({ client }).checkServer(), { message: /aof_enabled is 0/ }, name)
      }
      await server.config('SET', 'appendonly', 'yes')
    }
    for (const [name, client] of clients) await t.resolves(redisStore({ client }).checkServer(), name)
  })

  await t.test('every write is read back, however far the replicas lag', async t => {
    t.same([cluster.nodes('slave').length, nodeCluster.replicas.length], [1, 1], 'there is one to read from')
    replica.freeze()
    for (const [name, client] of clients) {
      const store = redisStore({ client, prefix: `${name}:` })
      const keys = Array.from({ length: 50 }, (_, i) => `identity:${i}`)
      for (const key of keys) {
        await store.replace(key, null, entityWith({ revision: 1 }))
        t.equal((await store.get(key))?.revision, 1)
      }
      t.same(await store.list(undefined, Infinity), keys.sort())
    }
  })
})

t.test('a read or a write is one command, once the server was checked', {
  skip: lackingProgram
}, async t => {
  const { url } = await redisServer(t)
  const client = new Redis(url)
  t.teardown(() => client.disconnect())
  let commands = 0
  const send: Redis['sendCommand'] = client.sendCommand.bind(client)
  client.sendCommand = (...args) => {
    commands++
    return send(...args)
  }
  const store = redisStore({ client })
  await everyCall(t, store, () => commands)
  t.same(await everyCall(t, store, () => commands), [1, 1, 1, 1, 1, 1, 1])
})
