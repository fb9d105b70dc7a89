import { types, type PGlite } from '@electric-sql/pglite'
import t from 'tap'
import { postgresStore, type PostgresClient } from '../../src/stores/postgres.js'
import { entityWith } from '../entity/documents.js'
import { openPglite } from '../pglite.js'
import { untyped } from '../untyped.js'
import { everyCall } from './every-call.js'
import { postgresSuite } from './postgres-suite.js'

t.test('on PGlite', async t => {
  const client = await openPglite(t)
  await postgresSuite(t, client, client)
})

t.test('on PGlite with its host\'s own parsers for jsonb and int8', async t => {
  const parsers = {
    [types.JSONB]: (text: string) => ({ parsed: text }),
    [types.JSON]: (text: string) => ({ parsed: text }),
    [types.INT8]: (text: string) => `${text}n`
  }
  const client = await openPglite(t, { parsers })
  const { rows } = await client.query("SELECT 1::int8 AS int8, '{}'::jsonb AS jsonb")
  t.same(rows, [{ int8: '1n', jsonb: { parsed: '{}' } }], 'they are in use')
  const store = postgresStore({ client })
  await store.createTable()
  const [first, second] = [1, 2].map(revision => entityWith({ revision }))
  t.equal(await store.replace('identity:alice', null, first ?? null), true)
  t.same(await store.get('identity:alice'), first)
  t.equal(await store.replace('identity:alice', 2, null), false)
  t.equal(await store.replace('identity:alice', 1, second ?? null), true)
  t.same(await store.get('identity:alice'), second)
  t.same(await store.list(undefined, 5), ['identity:alice'])
  t.equal(await store.replace('identity:alice', 2, null), true)
  t.equal(await store.get('identity:alice'), null)
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

t.test('an error while the table is created is ignored only if another session created it', async t => {
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

t.test('parameters are sent separately from the statement', async t => {
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

t.test('a client that prepares gets the same name for the same statement', async t => {
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

t.test('an answer that isn\'t a document is a rejection that quotes nothing', async t => {
  for (const document of ['secret {', '', 'null', undefined, null, { revision: 1 }, 7]) {
    const store = postgresStore({ client: { query: async () => ({ rows: [untyped({ document })] }) } })
    await t.rejects(store.get('identity:alice'), { message: 'the database returned something that is not a JSON document' })
  }
})

t.test('a client with an open transaction is rejected, because a rollback would make a used code work again', async t => {
  const client = await openPglite(t)
  await postgresStore({ client }).createTable()
  const entity = entityWith({ identity: 'alice' })
  await client.transaction(async transaction => {
    const store = postgresStore({ client: transaction })
    await t.rejects(store.replace('identity:alice', null, entity), { message: /has an open transaction/ })
    await t.rejects(store.replace('identity:alice', null, entity), { message: /has an open transaction/ })
  })
  t.equal(await postgresStore({ client }).get('identity:alice'), null)
})

t.test('a read or a write is one statement; two more come before the first write', async t => {
  const database = await openPglite(t)
  let statements = 0
  const query: PGlite['query'] = async (...args) => {
    statements++
    return await database.query(...args)
  }
  const store = postgresStore({ client: { query } })
  await store.createTable()
  t.same(await everyCall(t, store, () => statements), [3, 1, 1, 1, 1, 1, 1])
})
