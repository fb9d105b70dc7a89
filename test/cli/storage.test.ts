import { chmod } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import t from 'tap'
import { folderStorage, postgresStorage } from '../../src/cli/serve/storage.js'
import { temporaryFolder } from './environment.js'

const URL = 'postgres://alice:hunter2@db.example:5433/verify'

t.test('stores of different names keep different documents, which are there at the next start', async t => {
  const folder = await temporaryFolder(t)
  const first = await folderStorage(folder)
  const stores = [await first.open('one'), await first.open('two')]
  for (const [revision, store] of stores.entries()) await store.replace('key', null, { revision })
  await first.close()
  const second = await folderStorage(folder)
  t.same(await (await second.open('one')).get('key'), { revision: 0 })
  t.same(await (await second.open('two')).get('key'), { revision: 1 })
  await second.close()
})

t.test('a folder is one storage\'s at a time', async t => {
  const folder = await temporaryFolder(t)
  const storage = await folderStorage(folder)
  await t.rejects(folderStorage(folder))
  await storage.close()
  await (await folderStorage(folder)).close()
})

t.test('a folder that others may write to, or that is somebody else\'s, is not used', async t => {
  const folder = await temporaryFolder(t)
  for (const mode of [0o770, 0o707]) {
    await chmod(folder, mode)
    await t.rejects(folderStorage(folder), { name: 'StartError', message: /others may write to/ })
  }
  await chmod(folder, 0o755)
  await (await folderStorage(folder)).close()
  t.intercept(process, 'getuid', { value: () => 4711 })
  await t.rejects(folderStorage(folder), { name: 'StartError', message: /belongs to another user/ })
})

t.test('a database is used through a pool, each store in a table of its own', async t => {
  const client = await PGlite.create()
  t.teardown(async () => await client.close())
  const asked: object[] = []
  const listening: string[] = []
  let ended = false
  class Pool {
    constructor (options: object) { asked.push(options) }
    on (event: string, listener: () => void): void {
      listening.push(event)
      listener()
    }

    async query<Row extends Record<string, unknown>> (text: string, values?: unknown[]) {
      return await client.query<Row>(text, values)
    }

    async end (): Promise<void> { ended = true }
  }
  const storage = await postgresStorage(URL, async () => ({ default: { Pool } }))
  const patience = { connectionTimeoutMillis: 5000, query_timeout: 5000, statement_timeout: 5000 }
  t.same(asked, [{ connectionString: URL, ...patience }])
  t.same(listening, ['error'], 'a connection that breaks doesn\'t end the process')
  const stores = [await storage.open('one'), await storage.open('two')]
  for (const [revision, store] of stores.entries()) {
    t.equal(await store.replace('key', null, { revision }), true)
    t.same(await store.get('key'), { revision })
  }
  const { rows } = await client.query('SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1', ['public'])
  t.same(rows, [{ tablename: 'verify_one' }, { tablename: 'verify_two' }])
  await storage.close()
  t.ok(ended)
})
