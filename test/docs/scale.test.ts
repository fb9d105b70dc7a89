import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { memoryStore, postgresStore, type EntityStore, type PostgresClient } from '../../src/index.js'
import { storeSuite } from '../../src/testing.js'
import { keyOf } from '../../src/verifier/entities.js'
import { authenticator } from '../authenticator.js'
import { entityWith } from '../entity/documents.js'
import { ROOT } from '../root.js'
import { verifierOn } from '../growth/verifier.js'

type Store = Required<EntityStore>

const { DATABASE_URL } = process.env
const IDENTITY = 'alice'
const NAMES = Array.from({ length: 200 }, (_, i) => keyOf(`user-${i}`))

const page = readFileSync(join(ROOT, 'docs', 'scale.md'), 'utf8')
const partitions = blockWith('sql', 'PARTITION BY HASH')
const { shardedStore } = await moduleOf(blockWith('ts', 'function shardedStore'))
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

t.test('every key has its home in one of them, and with twice as many shards each one splits in two', async t => {
  const [few, many] = [memoryStores(4), memoryStores(8)]
  for (const stores of [few, many]) {
    for (const key of NAMES) await sharded(stores).replace(key, null, entityWith({ revision: 1 }))
  }
  const homesIn = async (stores: readonly Store[], key: string) => {
    const found = await Promise.all(stores.map(async store => await store.get(key)))
    return found.flatMap((document, shard) => document === null ? [] : [shard])
  }
  for (const key of NAMES) {
    const [before = NaN, ...others] = await homesIn(few, key)
    t.same(others, [])
    const [after = NaN] = await homesIn(many, key)
    t.ok(after === before || after === before + few.length, `from ${before} to ${after}`)
  }
  for (const store of many) t.ok((await store.list(undefined, 1)).length === 1, 'no shard is empty')
  await t.rejects(async () => await sharded([]).get('identity:alice'), { message: /no/ })
})

t.test('the partitions, on PGlite', async t => {
  const client = new PGlite()
  t.teardown(async () => await client.close())
  await client.exec(partitions)
  await partitionSuite(t, client)
})

t.test('the partitions, on PostgreSQL', { skip: DATABASE_URL === undefined && 'needs DATABASE_URL' }, async t => {
  const schema = `totp_scale_${randomBytes(6).toString('hex')}`
  const client = new pg.Pool({ connectionString: DATABASE_URL, options: `-c search_path=${schema}` })
  t.teardown(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })
  await client.query(`CREATE SCHEMA ${schema}`)
  await client.query(partitions)
  await partitionSuite(t, client)
})

t.test('a code whose write was lost works for as long as the page says, and no longer', async t => {
  const [, seconds = ''] = /(\d+) seconds: \(2 × `skew` \+ 1\) × `timeStep`/.exec(page) ?? []
  const start = 1_800_000_000
  let now = start
  const store = memoryStore()
  const verifier = verifierOn({ store, clock: () => now })
  const operator = { identity: IDENTITY, operator: true } as const
  const { factor, secret } = await verifier.enroll(operator, { friendlyName: 'phone' })
  await verifier.verify(operator, factor.sid, authenticator(secret).code(start))

  const code = authenticator(secret).code(start + 300)
  let accepted = 0
  for (now = start + 200; now < start + 500; now++) {
    const before = await store.get(keyOf(IDENTITY))
    await verifier.challenge(operator, { code }).then(() => { accepted++ }, () => {})
    const after = await store.get(keyOf(IDENTITY))
    // The write is lost.
    if (after !== null) await store.replace(keyOf(IDENTITY), after.revision, before)
  }
  t.equal(String(accepted), seconds)
})

async function partitionSuite (t: Test, client: PostgresClient): Promise<void> {
  await t.test('keep the promises of a store', async t => {
    storeSuite({ test: t.test, factory: () => postgresStore({ client }) })
  })

  await t.test('are left alone by createTable, are all in use, and one alone is asked for a key', async t => {
    const store = postgresStore({ client })
    await store.createTable()
    for (const key of NAMES) await store.replace(key, null, entityWith({ revision: 1 }))
    const { rows } = await client.query<{ name: string }>('SELECT DISTINCT tableoid::regclass::text AS name FROM totp_entities')
    t.equal(rows.length, 16)
    const plan = await client.query<Record<string, string>>(
      `EXPLAIN SELECT document FROM totp_entities WHERE key = '${NAMES[0] ?? ''}'`)
    const named = plan.rows.flatMap(row => Object.values(row)).join('\n').match(/totp_entities_\d+\b/g)
    t.equal(new Set(named).size, 1)
  })
}

function memoryStores (count: number): Store[] {
  return Array.from({ length: count }, () => memoryStore())
}

/** The only block of the page in this language that has this text in it. */
function blockWith (language: string, text: string): string {
  const found = [...page.matchAll(/```(\w+)\n(.*?)```/gs)].filter(([, name, code]) =>
    name === language && code?.includes(text))
  const [[, , code = ''] = [], ...others] = found
  if (code === '' || others.length > 0) throw new Error(`the page has not one block with ${text}`)
  return code
}

/** What a block of TypeScript exports. */
async function moduleOf (code: string) {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const { outputText } = ts.transpileModule(code, { compilerOptions })
  return await import(`data:text/javascript,${encodeURIComponent(outputText)}`)
}
