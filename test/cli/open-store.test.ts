import t, { type Test } from 'tap'
import { withStore } from '../../src/cli/operations/open-store.js'
import type { StoreChoice } from '../../src/cli/operations/store-choice.js'
import { postgresStore } from '../../src/index.js'
import { entityWith } from '../entity/documents.js'
import { openPglite } from '../pglite.js'

/** `withStore`, with clients that need no server. */
async function withClients (t: Test, clients: object) {
  const mocked = await t.mockImport<{ withStore: typeof withStore }>(
    '../../dist/cli/operations/open-store.js', { '../../dist/cli/drivers.js': clients })
  return mocked.withStore
}

t.test('the named table is used, and the pool is closed', async t => {
  const client = await openPglite(t)
  const store = postgresStore({ client, table: 'people', schema: 'public' })
  await store.createTable()
  await store.replace('identity:alice', null, entityWith())
  let closed = 0
  const openPool = async () => ({ client, close: async () => { closed++ } })
  const withStore = await withClients(t, { openPool, openRedis: null })
  const choice: StoreChoice = { kind: 'postgres', url: 'postgres://h', table: 'people', schema: 'public' }
  let listed: string[] | undefined
  await withStore(choice, async store => { listed = await store.list?.(undefined, 9) })
  t.same(listed, ['identity:alice'])
  t.equal(closed, 1)
  await t.rejects(withStore(choice, async () => { throw new Error('the command failed') }), { message: 'the command failed' })
  t.equal(closed, 2)
})

t.test('the named prefix is used in Redis', async t => {
  const names: unknown[] = []
  async function evalsha (_sha1: string, count: number, name?: string): Promise<unknown> {
    if (count === 1) names.push(name)
    return null
  }
  const openRedis = async () => ({ client: { evalsha, eval: evalsha }, close: async () => {} })
  const withStore = await withClients(t, { openPool: null, openRedis })
  await withStore({ kind: 'redis', url: 'redis://h', prefix: 'p:', allowLoss: true }, async store => {
    t.equal(await store.get('identity:alice'), null)
  })
  t.same(names, ['p:identity:alice'])
})

t.test('a URL without a host leaves the server to the driver, and the message names none', async t => {
  const refuse = async () => { throw new Error('ECONNREFUSED') }
  const openPool = async () => ({ client: { query: refuse }, close: async () => {} })
  const withStore = await withClients(t, { openPool, openRedis: null })
  await t.rejects(withStore({ kind: 'postgres', url: 'postgres:///db' }, async () => {}), {
    message: 'the server can\'t be used: ECONNREFUSED'
  })
})

t.test('the message about an unreachable server names it without the password', async t => {
  const choices: StoreChoice[] = [
    { kind: 'redis', url: 'redis://:hunter2@127.0.0.1:1', allowLoss: false },
    { kind: 'postgres', url: 'postgres://alice:hunter2@127.0.0.1:1/main' }
  ]
  for (const choice of choices) {
    await t.rejects(withStore(choice, async () => {}), {
      name: 'CommandError', message: /^the server at 127\.0\.0\.1:1 can't be used: (?!.*hunter2).*ECONNREFUSED/
    }, choice.kind)
  }
})
