import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import t, { type Test } from 'tap'
import { sqliteStore } from '../../example/sqlite-store.js'
import { storeSuite } from '../../src/testing.js'
import { entityWith } from '../entity/documents.js'
import { temporaryFolder } from './example-server.js'

const WRITER = fileURLToPath(new URL('sqlite-writer.js', import.meta.url))

async function fileIn (t: Test): Promise<string> {
  return join(await temporaryFolder(t), 'entities.db')
}

function open (t: Test, file: string) {
  const database = new Database(file)
  t.teardown(() => database.close())
  return { database, store: sqliteStore(database) }
}

t.test('the SQLite store passes the store suite', async t => {
  const file = await fileIn(t)
  const broken = () => {
    const { database, store } = open(t, ':memory:')
    database.exec('DROP TABLE totp_entities')
    return store
  }
  storeSuite({ test: t.test, factory: () => open(t, file).store, broken })
})

t.test('two processes on one file lose no write of each other', async t => {
  const file = await fileIn(t)
  const { store } = open(t, file)
  await store.replace('identity:alice', null, entityWith({ revision: 0 }))
  const writers = [1, 2].map(() => fork(WRITER, [file, '200'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }))
  const wins = await Promise.all(writers.map(async writer => (await once(writer, 'message'))[0]))
  const revisions = wins.flat().sort((one, other) => one - other)
  t.same(revisions, Array.from({ length: 400 }, (_, i) => i + 1))
  t.equal((await store.get('identity:alice'))?.revision, 400)
})

t.test('acknowledged writes survive a kill', async t => {
  const file = await fileIn(t)
  const { store } = open(t, file)
  await store.replace('identity:alice', null, entityWith({ revision: 0 }))
  const writer = fork(WRITER, [file, 'Infinity'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let acknowledged = 0
  writer.on('message', revision => {
    acknowledged = Number(revision)
    if (acknowledged >= 100) writer.kill('SIGKILL')
  })
  await once(writer, 'close')
  const kept = (await store.get('identity:alice'))?.revision ?? 0
  t.ok(kept >= acknowledged, `${kept} of ${acknowledged}`)
})

t.test('a connection with an open transaction is refused', async t => {
  const { database, store } = open(t, await fileIn(t))
  database.exec('BEGIN')
  await t.rejects(store.replace('identity:alice', null, entityWith()), { message: /transaction open/ })
  database.exec('ROLLBACK')
  t.equal(await store.replace('identity:alice', null, entityWith()), true)
})

t.test('a database failure is a rejection, not a missing document', async t => {
  const { database, store } = open(t, await fileIn(t))
  database.exec('ALTER TABLE totp_entities RENAME COLUMN document TO gone')
  await t.rejects(store.get('identity:alice'))
  database.exec('DROP TABLE totp_entities')
  await t.rejects(store.get('identity:alice'))
  await t.rejects(store.list(undefined, 1))
  const writes = [[null, entityWith()], [1, entityWith()], [1, null], [null, null]] as const
  for (const [expected, next] of writes) await t.rejects(store.replace('identity:alice', expected, next))
})
