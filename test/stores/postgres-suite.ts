import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Test } from 'tap'
import { storeSuite } from '../../src/testing.js'
import { postgresStore, type PostgresClient } from '../../src/stores/postgres.js'
import { entityWith } from '../entity/documents.js'

const AWKWARD = ['totp', 'SELECT', 'a"b', 'a.b', "o'brien", ' '].map(name => name + randomBytes(6).toString('hex'))
const [SCHEMA = ''] = AWKWARD

/** What the store promises on any PostgreSQL, by two of its clients. */
export async function postgresSuite (t: Test, client: PostgresClient, other: PostgresClient): Promise<void> {
  const table = () => `totp ${randomBytes(6).toString('hex')}`
  const names: string[] = []
  const open = async (name = table()) => {
    names.push(name)
    const store = postgresStore({ client, table: name })
    await store.createTable()
    return store
  }
  t.teardown(async () => {
    for (const name of names) await client.query(`DROP TABLE IF EXISTS "${name.replaceAll('"', '""')}"`)
  })

  t.test('a table', async t => {
    const name = table()
    const store = await open(name)
    const clients = [client, other]
    const factory = () => postgresStore({ client: clients.pop() ?? client, table: name })
    const nobody = new pg.Pool({ host: '127.0.0.1', port: 1 })
    storeSuite({ test: t.test, factory, broken: () => postgresStore({ client: nobody }) })
    t.test('nothing is left over', async t => t.same(await store.list(undefined, 1), []))
  })

  t.test('an unchanged document is the same object, and a change of another instance is seen at once', async t => {
    const name = table()
    const store = await open(name)
    const elsewhere = postgresStore({ client: other, table: name, cacheSize: 0 })
    await store.replace('identity:alice', null, entityWith({ revision: 1 }))
    const document = await store.get('identity:alice')
    t.equal(await store.get('identity:alice'), document)
    t.ok(Object.isFrozen(document?.approvals))
    t.not(await elsewhere.get('identity:alice'), await elsewhere.get('identity:alice'), 'without a cache')
    // The same revision with other content: what counts is the document, not its number.
    await elsewhere.replace('identity:alice', 1, entityWith({ revision: 1, generation: 5 }))
    t.equal((await store.get('identity:alice'))?.generation, 5)
    await elsewhere.replace('identity:alice', 1, null)
    t.equal(await store.get('identity:alice'), null)
  })

  t.test('the table is created once, whoever comes first', async t => {
    const name = table()
    names.push(name)
    const stores = Array.from({ length: 10 }, () => postgresStore({ client, table: name }))
    await t.resolves(Promise.all(stores.map(async store => await store.createTable())))
    const [first, second] = stores
    await first?.replace('identity:alice', null, entityWith({ revision: 1 }))
    await first?.createTable()
    t.equal((await second?.get('identity:alice'))?.revision, 1, 'nothing is lost')
  })

  t.test('the name of the table is quoted, never spliced', async t => {
    const witness = table()
    const kept = await open(witness)
    await kept.replace('identity:alice', null, entityWith({ revision: 1 }))
    for (const name of [`a"b; DROP TABLE "${witness}"; --`, 'SELECT', 'Ünïcödé', "o'brien", '$1', ' ', 'a.b']) {
      const store = await open(name)
      t.equal(await store.replace('identity:bob', null, entityWith({ revision: 5 })), true, name)
      t.equal((await store.get('identity:bob'))?.revision, 5)
      t.same(await store.list(undefined, 5), ['identity:bob'])
      t.equal(await store.replace('identity:bob', 5, null), true)
    }
    t.equal((await kept.get('identity:alice'))?.revision, 1)
  })

  t.test('without its table a store fails, and finds nobody absent', async t => {
    const store = postgresStore({ client, table: table() })
    await t.rejects(store.get('identity:alice'))
    await t.rejects(store.replace('identity:alice', null, entityWith()))
  })

  t.test('in schemas', async t => await schemaSuite(t, client))
}

async function schemaSuite (t: Test, client: PostgresClient): Promise<void> {
  const names = AWKWARD.map(schema => `"${schema.replaceAll('"', '""')}"`)
  for (const name of names) await client.query(`CREATE SCHEMA ${name}`)

  await t.test('a table is in the schema that was named', async t => {
    const open = async (schema: string) => {
      const store = postgresStore({ client, schema, table: 'totp_elsewhere' })
      await store.createTable()
      return store
    }
    for (const [revision, schema] of AWKWARD.entries()) {
      t.equal(await (await open(schema)).replace('identity:alice', null, entityWith({ revision })), true, schema)
    }
    for (const [revision, schema] of AWKWARD.entries()) {
      const store = await open(schema)
      t.equal((await store.get('identity:alice'))?.revision, revision)
      t.same(await store.list(undefined, 5), ['identity:alice'])
      t.equal(await store.replace('identity:alice', revision, null), true)
    }
    const { rows } = await client.query<{ schemaname: string }>(
      "SELECT schemaname FROM pg_tables WHERE tablename = 'totp_elsewhere'")
    t.same(rows.map(row => row.schemaname).sort(), [...AWKWARD].sort())
  })

  await t.test('it is created once, whoever comes first', async t => {
    const stores = Array.from({ length: 10 }, () => postgresStore({ client, schema: SCHEMA, table: 'once' }))
    await t.resolves(Promise.all(stores.map(async store => await store.createTable())))
  })

  await t.test('a schema that isn\'t there is a rejection', async t => {
    await t.rejects(postgresStore({ client, schema: `no ${SCHEMA}` }).createTable(), { code: '3F000' })
  })

  for (const name of names) await client.query(`DROP SCHEMA ${name} CASCADE`)
}
