import t from 'tap'
import { memoryStore, type EntityStore } from '../../src/index.js'
import { storeSuite } from '../../src/testing.js'
import { keyOf } from '../../src/verifier/entities.js'
import { authenticator } from '../authenticator.js'
import { entityWith } from '../entity/documents.js'
import { openPglite } from '../pglite.js'
import { verifierOn } from '../verifier/rig.js'
import { block, page, transpiled } from './pages.js'
import { partitions, partitionSuite } from './partitions.js'

type Store = Required<EntityStore>

const IDENTITY = 'alice'
const KEYS = Array.from({ length: 200 }, (_, i) => keyOf(`user-${i}`))

const code = transpiled(block('docs/scale.md', 'function shardedStore').code)
const { shardedStore } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
const sharded: (stores: readonly Store[]) => Store = shardedStore

t.test('several stores behind one object keep the promises of a store', async t => {
  const stores = memoryStores(5)
  const rejecting = async () => { throw new Error('the database is gone') }
  storeSuite({
    test: t.test,
    factory: () => sharded(stores),
    broken: () => sharded([{ get: rejecting, replace: rejecting, list: rejecting }])
  })
})

t.test('each key has its home in one of them, and with twice as many shards each one splits in two', async t => {
  const [few, many] = [memoryStores(4), memoryStores(8)]
  for (const stores of [few, many]) {
    for (const key of KEYS) await sharded(stores).replace(key, null, entityWith({ revision: 1 }))
  }
  for (const key of KEYS) {
    const [before = NaN, ...others] = await homesIn(few, key)
    t.same(others, [])
    const [after = NaN] = await homesIn(many, key)
    t.ok(after === before || after === before + few.length, `from ${before} to ${after}`)
  }
  for (const store of many) t.equal((await store.list(undefined, 1)).length, 1, 'no shard is empty')
  await t.rejects(sharded([]).get('identity:alice'), { message: 'there is no shard' })
})

t.test('the partitions, on PGlite', async t => {
  const client = await openPglite(t)
  await client.exec(partitions)
  await partitionSuite(t, client)
})

t.test('a code whose write was lost works for as long as the page says, and no longer', async t => {
  const [, seconds] = /(\d+) seconds: \(2 × `skew` \+ 1\) × `timeStep`/.exec(page('docs/scale.md').text) ?? []
  const start = 1_800_000_000
  let now = start
  const store = memoryStore()
  const verifier = verifierOn({ store, clock: () => now })
  const operator = { identity: IDENTITY, operator: true } as const
  const { factor, secret } = await verifier.enroll(operator, { friendlyName: 'phone' })
  await verifier.verify(operator, factor.sid, authenticator(secret).code(start))

  const code = authenticator(secret).code(start + 300)
  const before = await store.get(keyOf(IDENTITY))
  let accepted = 0
  for (now = start + 200; now < start + 500; now++) {
    await verifier.challenge(operator, { code }).then(() => { accepted++ }, () => {})
    const after = await store.get(keyOf(IDENTITY))
    // The write is lost.
    if (after !== null) await store.replace(keyOf(IDENTITY), after.revision, before)
  }
  t.equal(String(accepted), seconds)
})

function memoryStores (count: number): Store[] {
  return Array.from({ length: count }, () => memoryStore())
}

/** The numbers of the stores that have a document under this key. */
async function homesIn (stores: readonly Store[], key: string): Promise<number[]> {
  const found = await Promise.all(stores.map(async store => await store.get(key)))
  return found.flatMap((document, number) => document === null ? [] : [number])
}
