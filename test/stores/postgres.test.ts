import { randomBytes } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import t, { type Test } from 'tap'
import { storeSuite } from '../../src/testing.js'
import { postgresStore, type PostgresClient } from '../../src/stores/postgres.js'
import { entityWith } from '../entity/documents.js'
import { untyped } from '../untyped.js'

const { DATABASE_URL } = process.env
const SERVER = { skip: DATABASE_URL === undefined && 'needs DATABASE_URL' }

t.test('on PGlite', async t => {
  const client = new PGlite()
  t.teardown(async () => await client.close())
  await suite(t, client, client)
})

t.test('on PostgreSQL', SERVER, async t => {
  const pool = () => {
    const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
    t.teardown(async () => await pool.end())
    return pool
  }
  await suite(t, pool(), pool())

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
    await t.test('of two tables don\'t meet on one connection', async t => {
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

t.test('a client that prepares is given a name for each text, the same one every time', async t => {
  const names = new Map<string, Set<string>>()
  const client = untyped({
    async query ({ name, text, values }: { name: string, text: string, values: unknown[] }) {
      t.ok(Array.isArray(values))
      names.set(text, new Set([...names.get(text) ?? [], name]))
      return transactions.query(text)
    }
  })
  for (const table of ['one', 'another']) {
    const store = postgresStore({ client, table, prepare: true })
    for (const expected of [1, 2]) {
      await store.get('identity:alice')
      await store.replace('identity:alice', expected, entityWith())
    }
  }
  t.equal(names.size, 5, 'two reads, two writes, one question about the transaction')
  t.equal(new Set([...names.values()].flatMap(names => [...names])).size, 5)
})

t.test('a database that answers no document is a rejection that quotes nothing', async t => {
  for (const document of ['secret {', '', 'null', undefined, null, { revision: 1 }, 7]) {
    const store = postgresStore({ client: { query: async () => ({ rows: [untyped({ document })] }) } })
    await t.rejects(store.get('identity:alice'), { message: 'the database answered what is no JSON document' })
  }
})

t.test('a client that fails is a rejection, not an absence', async t => {
  const client = { query: async () => { throw new Error('connection lost') } }
  const store = postgresStore({ client })
  const lost = { message: 'connection lost' }
  await t.rejects(store.createTable(), lost)
  await t.rejects(store.get('identity:alice'), lost)
  await t.rejects(store.list(undefined, 1), lost)
  const next = entityWith()
  for (const [expected, document] of [[null, next], [1, next], [1, null], [null, null]] as const) {
    await t.rejects(store.replace('identity:alice', expected, document), lost)
  }
})

t.test('an error while the table is created is forgiven only when somebody else created it', async t => {
  const failing = (code: unknown) => postgresStore({
    client: { query: async () => { throw Object.assign(new Error('refused'), { code }) } }
  })
  for (const code of ['23505', '42P07', '42710']) await t.resolves(failing(code).createTable())
  for (const code of ['42501', '3F000', '', undefined]) {
    await t.rejects(failing(code).createTable(), { message: 'refused' })
  }
  // eslint-disable-next-line prefer-promise-reject-errors -- a client is other people's code
  const strange = postgresStore({ client: { query: async () => await Promise.reject('42P07') } })
  await t.rejects(strange.createTable())
})

/** Nothing but the transactions that a client which commits each statement by itself would be in. */
const transactions = {
  last: 0,
  query (text: string) {
    return { rows: text.includes('pg_current_xact_id') ? [untyped({ id: String(++this.last) })] : [] }
  }
}

t.test('parameters are sent apart from the statement', async t => {
  const seen: Array<{ text: string, values: unknown[] }> = []
  const client: PostgresClient = {
    async query (text, values = []) {
      seen.push({ text, values })
      return transactions.query(text)
    }
  }
  const store = postgresStore({ client })
  const key = "identity:x'; DROP TABLE totp_entities; --"
  await store.get(key)
  await store.replace(key, null, entityWith({ identity: key }))
  await store.replace(key, 1, entityWith({ identity: key }))
  await store.replace(key, 1, null)
  await store.list(key, 5)
  t.equal(seen.filter(({ text }) => text.includes('pg_current_xact_id')).length, 2, 'asked once')
  for (const { text, values } of seen.filter(({ text }) => !text.includes('pg_current_xact_id'))) {
    t.notMatch(text, 'DROP')
    t.equal(values[0], key)
    t.match(text, ' "totp_entities"', 'the table, unless it has another name')
  }
})

t.test('a client with a transaction open is refused: a burnt code could be rolled back', async t => {
  const client = new PGlite()
  t.teardown(async () => await client.close())
  await postgresStore({ client }).createTable()
  const entity = entityWith({ identity: 'alice' })
  await client.transaction(async transaction => {
    const store = postgresStore({ client: transaction })
    await t.rejects(store.replace('identity:alice', null, entity), { message: /has a transaction open/ })
    await t.rejects(store.replace('identity:alice', null, entity), { message: /has a transaction open/ })
  })
  t.equal(await postgresStore({ client }).get('identity:alice'), null)
})

async function suite (t: Test, client: PostgresClient, other: PostgresClient): Promise<void> {
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
}
