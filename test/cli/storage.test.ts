import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openFolderStorage, openPostgresStorage } from '../../src/cli/serve/storage.js'
import { openPglite } from '../pglite.js'
import { temporaryFolder } from './environment.js'
import { sleeper, startOf } from './processes.js'

const URL = 'postgres://alice:hunter2@db.example:5433/verify'

t.test('each store keeps its own documents until the next start', async t => {
  const folder = await temporaryFolder(t)
  const first = await openFolderStorage(folder)
  const stores = [await first.openStore('one'), await first.openStore('two')]
  for (const [revision, store] of stores.entries()) await store.replace('key', null, { revision })
  await first.close()
  const second = await openFolderStorage(folder)
  t.same(await (await second.openStore('one')).get('key'), { revision: 0 })
  t.same(await (await second.openStore('two')).get('key'), { revision: 1 })
  await second.close()
})

t.test('a folder is used by one process at a time', async t => {
  const folder = await temporaryFolder(t)
  const storage = await openFolderStorage(folder)
  await t.rejects(openFolderStorage(folder))
  await storage.close()
  const pid = await sleeper(t)
  const lock = join(folder, `lock-${pid}-${await startOf(pid)}`)
  await writeFile(lock, '')
  await t.rejects(openFolderStorage(folder), {
    name: 'CommandError',
    message: new RegExp(`^process ${pid} is already using the data directory ${folder}: .*--data.* delete ${lock}\\)$`)
  })
  await rm(lock)
  await (await openFolderStorage(folder)).close()
})

t.test('a folder that others can write to or own is rejected', async t => {
  const folder = await temporaryFolder(t)
  for (const mode of [0o770, 0o707]) {
    await chmod(folder, mode)
    await t.rejects(openFolderStorage(folder), { name: 'CommandError', message: /other users can write to/ })
  }
  await chmod(folder, 0o755)
  await (await openFolderStorage(folder)).close()
  t.intercept(process, 'getuid', { value: () => 4711 })
  await t.rejects(openFolderStorage(folder), { name: 'CommandError', message: /belongs to another user/ })
})

t.test('a database is used through a pool, with one table a store', async t => {
  const client = await openPglite(t)
  const options: object[] = []
  const listening: string[] = []
  let ended = false
  class Pool {
    constructor (given: object) { options.push(given) }
    on (event: string, listener: () => void): void {
      listening.push(event)
      listener()
    }

    async query<Row extends Record<string, unknown>> (text: string, values?: unknown[]) {
      return await client.query<Row>(text, values)
    }

    async end (): Promise<void> { ended = true }
  }
  const storage = await openPostgresStorage(URL, async () => ({ default: { Pool } }))
  const timeouts = { connectionTimeoutMillis: 5000, query_timeout: 5000, statement_timeout: 5000 }
  t.same(options, [{ connectionString: URL, ...timeouts }])
  t.same(listening, ['error'], 'a broken connection does not end the process')
  const stores = [await storage.openStore('one'), await storage.openStore('two')]
  for (const [revision, store] of stores.entries()) {
    t.equal(await store.replace('key', null, { revision }), true)
    t.same(await store.get('key'), { revision })
  }
  const { rows } = await client.query('SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1', ['public'])
  t.same(rows, [{ tablename: 'verify_one' }, { tablename: 'verify_two' }])
  await storage.close()
  t.ok(ended)
})
