import t from 'tap'
import { memoryStore, type EntityStore } from '../../src/index.js'
import { countIdentities, report } from '../../src/operations.js'
import { entityWith } from '../entity/documents.js'
import { untyped } from '../untyped.js'

async function identitiesOf (store: EntityStore, after?: string): Promise<string[]> {
  const identities = []
  const options = { store, ...(after === undefined ? {} : { after }) }
  for await (const { identity } of report(options)) identities.push(identity)
  return identities
}

t.test('a scan yields every identity once, whatever its name, and no other documents', async t => {
  const store = memoryStore()
  const names = ['__proto__', 'identity:alice', 'ALICE', 'alice', 'alice ', 'böb', '\u{1f4f1}', ':', '%']
  for (const identity of names) await store.replace(`identity:${identity}`, null, entityWith({ identity }))
  for (const key of ['a', 'service:VA1', 'identity', 'zebra']) await store.replace(key, null, entityWith())
  t.same((await identitiesOf(store)).sort(), names.sort())
  t.equal(await countIdentities({ store }), names.length)
})

t.test('a scan covers a store of many pages, and can be continued', async t => {
  const identities = Array.from({ length: 20_001 }, (_, i) => String(i).padStart(6, '0'))
  const starts: unknown[] = []
  const store: EntityStore = {
    get: async () => null,
    replace: async () => false,
    async list (after, limit) {
      starts.push(after)
      const from = after === undefined ? 0 : Number(after.slice('identity:'.length)) + 1
      // Some databases return fewer keys than the limit.
      return identities.slice(from, from + Math.min(limit, 1000)).map(identity => `identity:${identity}`)
    }
  }
  t.same(await identitiesOf(store), identities)
  t.equal(starts.length, 22)
  t.same(await identitiesOf(store, '019998'), ['019999', '020000'])
  t.equal(await countIdentities({ store }), 20_001)
  t.equal(await countIdentities({ store, after: '019998' }), 2)
})

t.test('a list that fails or repeats a page ends the scan', async t => {
  const empty = memoryStore()
  const page = Array.from({ length: 10 }, (_, i) => `identity:${i}`)
  await t.rejects(countIdentities({ store: { ...empty, list: async () => page } }), {
    code: 'ERR_TOTP_STORE', cause: { message: /continue after/ }
  })
  const list = async () => { throw new Error('password=hunter2') }
  await t.rejects(countIdentities({ store: { ...empty, list } }), {
    code: 'ERR_TOTP_STORE', cause: { message: 'password=…' }
  })
  for (const junk of [null, 'identity:alice', [7], {}]) {
    await t.rejects(countIdentities({ store: { ...empty, list: async () => untyped(junk) } }), { code: 'ERR_TOTP_STORE' })
  }
  const { list: none, ...unlisted } = empty
  await t.rejects(identitiesOf(unlisted), { code: 'ERR_TOTP_INVALID_OPTION', message: /"list"/ })
})

t.test('a store that does not answer times out', async t => {
  const store = {
    ...memoryStore(),
    get: async () => await new Promise<null>(() => {}),
    list: async () => ['identity:a']
  }
  const first = report({ store, timeout: 1 }).next()
  await t.rejects(first, { code: 'ERR_TOTP_STORE' })
  for (const timeout of [0, 61, NaN]) {
    await t.rejects(report({ store, timeout }).next(), { code: 'ERR_TOTP_INVALID_OPTION', message: /timeout/ })
  }
})
