import { randomBytes } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import t, { type Test } from 'tap'
import { postgresStore, type PostgresClient } from '../../src/stores/postgres.js'
import { entityWith } from '../entity/documents.js'

const { DATABASE_URL } = process.env
const AWKWARD = ['totp', 'SELECT', 'a"b', 'a.b', "o'brien", ' '].map(name => name + randomBytes(6).toString('hex'))
const [SCHEMA = ''] = AWKWARD

t.test('on PGlite', async t => {
  const client = new PGlite()
  t.teardown(async () => await client.close())
  await suite(t, client)
})

t.test('on PostgreSQL', { skip: DATABASE_URL === undefined && 'needs DATABASE_URL' }, async t => {
  const client = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
  t.teardown(async () => await client.end())
  await suite(t, client)
})

async function suite (t: Test, client: PostgresClient): Promise<void> {
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
