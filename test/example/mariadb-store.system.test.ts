import { createPool, type Pool, type PoolOptions } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { mariadbStore } from '../../example/mariadb-store.js'
import { storeSuite } from '../../src/testing.js'
import { entityWith } from '../entity/documents.js'
import { lackingMariadb, mariadbServer, type MariadbServer } from '../stores/mariadb-server.js'

const ALICE = 'identity:alice'

/** A pool, and the store on it. */
async function open (t: Test, { port }: MariadbServer, options?: PoolOptions) {
  const pool: Pool = createPool({ host: '127.0.0.1', port, user: 'root', database: 'mysql', ...options })
  t.teardown(async () => { await pool.end() })
  return { pool, store: await mariadbStore(pool) }
}

/** A database of the test's own. */
async function emptyDatabase (t: Test, server: MariadbServer, database: string): Promise<string> {
  const { pool } = await open(t, server)
  await pool.query(`CREATE DATABASE ${database}`)
  return database
}

t.test('the MariaDB store', { skip: lackingMariadb }, async t => {
  const server = await mariadbServer(t)

  await t.test('passes the store suite, whether the client counts matching rows or changed rows', async t => {
    const database = await emptyDatabase(t, server, 'suite')
    const counts = ['+FOUND_ROWS', '-FOUND_ROWS']
    storeSuite({
      test: t.test,
      factory: async () => (await open(t, server, { database, flags: [counts.pop() ?? ''] })).store,
      broken: async () => {
        const { pool, store } = await open(t, server, { database: await emptyDatabase(t, server, 'broken') })
        await pool.query('DROP TABLE totp_entities')
        return store
      }
    })
  })

  await t.test('lists nothing after the suite', async t => {
    const { store } = await open(t, server, { database: 'suite' })
    t.same(await store.list(undefined, 1), [])
  })

  await t.test('compares keys as bytes, however the server and the client compare text', async t => {
    const database = await emptyDatabase(t, server, 'folding')
    const { store } = await open(t, server, { database, charset: 'utf8mb4_general_ci' })
    t.equal(await store.replace('identity:alice', null, entityWith({ revision: 1 })), true)
    t.equal(await store.get('identity:Alice'), null)
    t.equal(await store.get('identity:alice '), null)
    t.same(await store.list(undefined, 9), ['identity:alice'])
  })

  await t.test('refuses a connection with an open transaction, for reading too', async t => {
    const { pool, store } = await open(t, server, {
      database: await emptyDatabase(t, server, 'transactions'), connectionLimit: 1
    })
    await store.replace(ALICE, null, entityWith({ revision: 1 }))
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      get: async () => await store.get(ALICE),
      create: async () => await store.replace('identity:bob', null, entityWith()),
      update: async () => await store.replace(ALICE, 1, entityWith({ revision: 2 })),
      delete: async () => await store.replace(ALICE, 1, null),
      absent: async () => await store.replace(ALICE, null, null)
    }
    for (const [begin, end] of [['BEGIN', 'DO 0'], ['SET autocommit = 0', 'SET autocommit = 1']] as const) {
      await pool.query(begin)
      for (const [name, call] of Object.entries(calls)) {
        await t.rejects(call(), { message: 'the connection has an open transaction' }, `${name} after ${begin}`)
      }
      await pool.query('ROLLBACK')
      await pool.query(end)
    }
    t.equal((await store.get(ALICE))?.revision, 1)
    t.equal(await store.get('identity:bob'), null)
    t.equal(await store.replace(ALICE, 1, entityWith({ revision: 2 })), true)
  })

  await t.test('survives a crash of the server with every acknowledged write', async t => {
    const database = await emptyDatabase(t, server, 'crash')
    const { store } = await open(t, server, { database })
    await store.replace(ALICE, null, entityWith({ revision: 0 }))
    let acknowledged = 0
    let killed: Promise<void> | null = null
    const writing = (async () => {
      for (;;) {
        const next = entityWith({ revision: acknowledged + 1 })
        t.equal(await store.replace(ALICE, acknowledged, next), true)
        if (++acknowledged === 50) killed = server.kill()
      }
    })()
    await t.rejects(writing, 'the crash is a rejection')
    await t.rejects(store.get(ALICE), 'and so is every call until the server is back')
    await killed
    await server.start()
    const kept = (await store.get(ALICE))?.revision ?? 0
    t.ok(kept >= acknowledged, `${kept} of ${acknowledged}`)
  })
})
