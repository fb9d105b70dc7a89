import { randomBytes } from 'node:crypto'
import t from 'tap'
import { memoryStore, postgresStore, type EntityStore } from '../../src/index.js'
import { exportEntities, importEntities, type Importable } from '../../src/operations.js'
import { openPglite } from '../pglite.js'
import { enrolledThere, there } from '../remote/there.js'
import { KEY, site } from '../site.js'

async function imported (
  store: EntityStore, entities: Iterable<Importable> | AsyncIterable<Importable>, keys = [KEY]
) {
  const outcomes = []
  for await (const outcome of importEntities({ store, entities, keys })) outcomes.push(outcome)
  return outcomes
}

t.test('everything is transferred unchanged: factors, spent codes, counts, approvals', async t => {
  const client = await openPglite(t)
  const [store, other] = [memoryStore(), postgresStore({ client })]
  await other.createTable()
  const before = await site(t, { totp: { store } })
  const [alice, bob] = [await before.login('alice'), await before.login('bob')]
  const phone = await alice.enrollVerified(before.now())
  await bob.enrollVerified(before.now())
  const stranger = await before.login('alice')
  for (let i = 0; i < 4; i++) await stranger.challenge(phone.wrongCode(before.now()))

  t.same(await imported(other, exportEntities({ store })), [
    { identity: 'alice', status: 'imported' }, { identity: 'bob', status: 'imported' }
  ])
  for (const name of ['alice', 'bob']) t.same(await other.get(`identity:${name}`), await store.get(`identity:${name}`))
  const after = await site(t, { totp: { store: other } })
  const again = await after.login('alice')
  t.match(await again.challenge(phone.code(after.now())), { status: 403 }, 'a spent code, and the fifth wrong one')
  t.match(await again.challenge(phone.code(after.now() + 30)), { status: 429 })
  after.wait(30)
  t.match(await again.challenge(phone.code(after.now())), { status: 200 })
})

t.test('an export can be stored as JSON, and importing it again changes nothing', async t => {
  const [store, other] = [memoryStore(), memoryStore()]
  const { login, now } = await site(t, { totp: { store } })
  await (await login('alice')).enrollVerified(now())
  const lines: string[] = []
  for await (const exported of exportEntities({ store })) lines.push(JSON.stringify(exported))
  const read = () => lines.map((line): Importable => JSON.parse(line))
  t.same(await imported(other, read()), [{ identity: 'alice', status: 'imported' }])
  const first = await other.get('identity:alice')
  t.same(await imported(other, read()), [{ identity: 'alice', status: 'present' }])
  t.same(await other.get('identity:alice'), first)
})

t.test('an import replaces nothing', async t => {
  const [store, other] = [memoryStore(), memoryStore()]
  const [here, there] = [await site(t, { totp: { store } }), await site(t, { totp: { store: other } })]
  await (await here.login('alice')).enrollVerified(here.now())
  await (await there.login('alice')).enrollVerified(there.now())
  const kept = await other.get('identity:alice')
  t.same(await imported(other, exportEntities({ store })), [{ identity: 'alice', status: 'refused', reason: 'the store already has another entity for it' }])
  t.same(await other.get('identity:alice'), kept)
})

t.test('an item that is not an entity of its identity is refused, and the others are imported', async t => {
  const [store, other] = [memoryStore(), memoryStore()]
  const { login, now } = await site(t, { totp: { store } })
  for (const identity of ['alice', 'bob']) await (await login(identity)).enrollVerified(now())
  const [alice, bob] = [await store.get('identity:alice'), await store.get('identity:bob')]
  const number: Importable = JSON.parse('{"identity":7,"entity":{}}')
  const outcomes = await imported(other, [
    { identity: 'carol', entity: alice },
    { identity: 'dave', entity: null },
    { identity: '', entity: alice },
    { identity: 'x'.repeat(257), entity: alice },
    number,
    { identity: 'alice', entity: { ...alice, format: 2 } },
    { identity: 'bob', entity: bob },
    { identity: 'erin', status: 'refused', reason: 'it was refused by the export' }
  ])
  t.same(outcomes.map(({ status }) => status), [
    'refused', 'refused', 'refused', 'refused', 'refused', 'refused', 'imported', 'refused'
  ])
  t.match(outcomes.at(-1), { identity: 'erin', reason: 'it was refused by the export' })
  t.same(await other.list(undefined, 10), ['identity:bob'])
})

t.test('an export reports invalid documents and leaves out deleted ones', async t => {
  const store = memoryStore()
  const { login, now } = await site(t, { totp: { store } })
  await (await login('bob')).enrollVerified(now())
  const bob = await store.get('identity:bob')
  if (bob !== null) await store.replace('identity:al', null, bob)
  const keys = ['identity:al', 'identity:bob', 'identity:gone']
  const listing = { ...store, list: async (after?: string) => after === undefined ? keys : [] }
  const found = []
  for await (const exported of exportEntities({ store: listing })) found.push(exported)
  t.match(found, [{ identity: 'al', status: 'refused' }, { identity: 'bob', status: 'exported', entity: bob }])
  t.equal(found.length, 2)
})

t.test('a store failure ends an import', async t => {
  const store = { ...memoryStore(), replace: async () => { throw new Error('the disk is full') } }
  const { store: from, login, now } = await site(t)
  await (await login('alice')).enrollVerified(now())
  await t.rejects(imported(store, exportEntities({ store: from })), { code: 'ERR_TOTP_STORE' })
})

t.test('an entity that the keys don\'t open is refused: another key, another identity', async t => {
  const [store, other] = [memoryStore(), memoryStore()]
  const here = await site(t, { totp: { store } })
  await (await here.login('alice')).enrollVerified(here.now())
  await (await here.login('bob')).enroll()
  await enrolledThere(await (await there(t, { totp: { store } })).login('carol'))
  const wrongKey = 'a secret is sealed under a key that is not among "keys"'
  const wrongTag = 'a factor at Twilio was tampered with, or belongs to another identity'
  t.match(await imported(other, exportEntities({ store }), [randomBytes(32)]), [
    { identity: 'alice', status: 'refused', reason: wrongKey },
    { identity: 'bob', status: 'refused', reason: wrongKey },
    { identity: 'carol', status: 'refused', reason: wrongTag }
  ])
  const renamed: Importable[] = []
  for await (const item of exportEntities({ store })) {
    if (item.status === 'exported') renamed.push({ identity: 'dave', entity: { ...item.entity, identity: 'dave' } })
  }
  const wrongOwner = 'a sealed secret was tampered with, or belongs to another factor'
  t.match((await imported(other, renamed)).map(outcome => 'reason' in outcome && outcome.reason),
    [wrongOwner, wrongOwner, wrongTag])
  t.same(await other.list?.(undefined, 10), [], 'nothing was written')
  t.match(await imported(other, exportEntities({ store }), [randomBytes(32), KEY]), [
    { status: 'imported' }, { status: 'imported' }, { status: 'imported' }
  ])
})

t.test('keys for an import are needed, and checked at once', async t => {
  for (const keys of [[], [Buffer.alloc(31)]]) {
    await t.rejects(imported(memoryStore(), [], keys), { code: 'ERR_TOTP_INVALID_OPTION', message: /"keys"/ })
  }
})
