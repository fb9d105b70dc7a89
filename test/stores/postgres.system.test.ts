import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { postgresStore } from '../../src/stores/postgres.js'
import { storeSuite } from '../../src/testing.js'
import { entityWith } from '../entity/documents.js'
import { lackingServer } from '../example/empty-database.js'
import { postgresSuite } from './postgres-suite.js'

const { DATABASE_URL } = process.env
const { TypeOverrides } = pg

t.test('on PostgreSQL', { skip: lackingServer }, async t => {
  const pool = () => {
    const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
    t.teardown(async () => await pool.end())
    return pool
  }
  await postgresSuite(t, pool(), pool())

  await t.test('a client with its own parsers for every type that a row has', async t => {
    const types = new TypeOverrides()
    const { TEXT, JSONB, JSON, INT8, XID } = { TEXT: 25, JSONB: 3802, JSON: 114, INT8: 20, XID: 5069 }
    for (const type of [JSONB, JSON]) types.setTypeParser(type, text => ({ parsed: text }))
    for (const type of [INT8, XID]) types.setTypeParser(type, BigInt)
    const client = new pg.Pool({ connectionString: DATABASE_URL, types })
    t.teardown(async () => await client.end())
    const table = `totp ${randomBytes(6).toString('hex')}`
    const store = postgresStore({ client, table })
    await store.createTable()
    t.teardown(async () => { await client.query(`DROP TABLE "${table}"`) })
    const { rows: [row] } = await client.query("SELECT 1::int8 AS int8, '{}'::jsonb AS jsonb")
    t.same(row, { int8: 1n, jsonb: { parsed: '{}' } }, 'the parsers are in use')
    storeSuite({ test: t.test, factory: () => store })
    await t.test('a parser that changes text is refused', async t => {
      types.setTypeParser(TEXT, text => ({ text }))
      await store.replace('identity:alice', null, entityWith({ revision: 1 }))
      await t.rejects(store.get('identity:alice'), { message: /not a JSON document/ })
      types.setTypeParser(TEXT, text => text)
      t.equal(await store.replace('identity:alice', 1, null), true)
    })
  })

  await t.test('statements that are prepared', async t => {
    const client = pool()
    const table = `totp ${randomBytes(6).toString('hex')}`
    const other = `${table} other`
    const tables = [table, other]
    t.teardown(async () => {
      for (const name of tables) await client.query(`DROP TABLE IF EXISTS "${name}"`)
    })
    const store = (table: string) => postgresStore({ client, table, prepare: true })
    for (const name of tables) await store(name).createTable()
    storeSuite({ test: t.test, factory: () => store(table) })
    await t.test('of two tables have different names on one connection', async t => {
      const one = new pg.Pool({ connectionString: DATABASE_URL, max: 1 })
      t.teardown(async () => await one.end())
      const [first, second] = tables.map(table => postgresStore({ client: one, table, prepare: true }))
      await first?.replace('identity:alice', null, entityWith({ revision: 1 }))
      await second?.replace('identity:alice', null, entityWith({ revision: 2 }))
      t.equal((await first?.get('identity:alice'))?.revision, 1)
      t.equal((await second?.get('identity:alice'))?.revision, 2)
      const { rows } = await one.query<{ name: string }>('SELECT name FROM pg_prepared_statements')
      t.ok(rows.length >= 4, 'the server has them')
      for (const { name } of rows) t.match(name, /^totp_[0-9a-f]{32}$/)
    })
  })
})
