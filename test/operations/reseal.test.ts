import { randomBytes } from 'node:crypto'
import t from 'tap'
import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'
import { reseal, type ResealOptions } from '../../src/operations.js'
import { site } from '../site.js'
import { hostile, refusal } from '../remote/hostile.js'
import { enrolledThere, kept, rewrite, RIGHT, there } from '../remote/there.js'

const [OLD, FRESH] = [randomBytes(32), randomBytes(32)]

async function resealed (options: ResealOptions) {
  const outcomes = []
  for await (const outcome of reseal(options)) outcomes.push(outcome)
  return outcomes
}

/** The store, and a count of its writes. */
function counting (store: EntityStore = memoryStore()): { store: EntityStore, writes: () => number } {
  let writes = 0
  return {
    writes: () => writes,
    store: {
      ...store,
      async replace (key, expected, next) {
        writes++
        return await store.replace(key, expected, next)
      }
    }
  }
}

t.test('after a run the first key opens everything, and nothing else has changed', async t => {
  const store = memoryStore()
  const before = await site(t, { totp: { store, keys: [OLD] } })
  const [alice, bob] = [await before.login('alice'), await before.login('bob')]
  const phone = await alice.enrollVerified(before.now())
  const begun = await bob.enroll()
  const during = await site(t, { totp: { store, keys: [FRESH, OLD] } })

  t.same(await resealed({ store, keys: [FRESH, OLD] }), [
    { identity: 'alice', status: 'resealed' }, { identity: 'bob', status: 'resealed' }
  ])
  t.match(await alice.vault(), { status: 200 }, 'approvals stay')
  t.match(await bob.post(`/totp/factors/${begun.sid}/verify`, { code: begun.code(before.now()) }), {
    status: 503, code: 'ERR_TOTP_STORE'
  }, 'an instance without the new key fails')
  const after = await site(t, { totp: { store, keys: [FRESH] } })
  const again = await after.login('alice')
  t.match(await again.challenge(phone.code(after.now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }, 'a spent code stays spent')
  t.match(await again.challenge(phone.code(after.now() + 30)), { status: 200 })
  t.match(await (await during.login('alice')).challenge(phone.code(during.now() + 30)), { status: 403 })
})

t.test('factors and leftovers at Twilio are tied to their identity by the first key', async t => {
  const store = memoryStore()
  const server = await hostile(t)
  const before = await there(t, { totp: { store, keys: [OLD], maxFactors: 2 } }, server)
  const alice = await before.login('alice')
  const gone = await enrolledThere(alice)
  server.answer('remove', refusal(500, 20500))
  await alice.delete(`/totp/factors/${gone}`)
  const sid = await enrolledThere(alice)
  await alice.enroll()

  t.same(await resealed({ store, keys: [FRESH, OLD] }), [{ identity: 'alice', status: 'resealed' }])
  t.match(await kept(store), { factors: [{ sid }], leftovers: [{ sid: gone }], unverified: { provider: 'twilio' } })
  const after = await there(t, { totp: { store, keys: [FRESH] } }, server)
  server.mend()
  const again = await after.login('alice')
  t.match(await again.challenge(RIGHT), { status: 200 })
  t.match(await again.delete(`/totp/factors/${gone}`), { status: 204 }, 'the deletion can be repeated')
  t.same((await kept(store)).leftovers, [])
})

t.test('current entities are not written, and a second run finds everything current', async t => {
  const { store, writes } = counting()
  const before = await site(t, { totp: { store, keys: [OLD] } })
  await (await before.login('alice')).enrollVerified(before.now())
  const after = await site(t, { totp: { store, keys: [FRESH, OLD] } })
  await (await after.login('bob')).enrollVerified(after.now())
  await (await after.login('carol')).challenge('123456')

  const [hers, his] = [await store.get('identity:alice'), await store.get('identity:bob')]
  const written = writes()
  t.same(await resealed({ store, keys: [FRESH, OLD] }), [
    { identity: 'alice', status: 'resealed' }, { identity: 'bob', status: 'current' }
  ])
  t.equal(writes(), written + 1)
  t.same(await store.get('identity:bob'), his)
  const { factors: [old], revision = 0, ...rest } = hers ?? { factors: [] }
  const { factors: [fresh], ...now } = await kept(store)
  t.same({ ...now, ...fresh, sealed: '' }, { ...rest, revision: revision + 1, ...old, sealed: '' }, 'only the seal has changed')
  t.not(fresh?.provider === 'embedded' && fresh.sealed, old?.provider === 'embedded' && old.sealed)
  t.same((await resealed({ store, keys: [FRESH, OLD] })).map(({ status }) => status), ['current', 'current'])
  t.equal(writes(), written + 1)
})

t.test('concurrent writes of servers are not lost', async t => {
  const store = memoryStore()
  const running = await site(t, { totp: { store, keys: [OLD, FRESH] } })
  const alice = await running.login('alice')
  const phone = await alice.enrollVerified(running.now())
  running.wait(30)
  const code = phone.code(running.now())
  let late = false
  const interrupted: EntityStore = {
    ...store,
    async replace (key, expected, next) {
      if (!late) {
        late = true
        t.match(await alice.challenge(code), { status: 200 })
        await (await running.login('alice')).challenge(phone.wrongCode(running.now()))
      }
      return await store.replace(key, expected, next)
    }
  }
  t.same(await resealed({ store: interrupted, keys: [FRESH, OLD] }), [{ identity: 'alice', status: 'resealed' }])
  const after = await site(t, { totp: { store, keys: [FRESH], clock: running.now } })
  t.match(await kept(store), { attempts: { failures: 1 } })
  t.match(await (await after.login('alice')).challenge(code), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await alice.vault(), { status: 200 })
})

t.test('a run that a store failure ended continues after its last identity', async t => {
  const store = memoryStore()
  const before = await site(t, { totp: { store, keys: [OLD] } })
  const identities = Array.from({ length: 30 }, (_, i) => `user-${String(i).padStart(2, '0')}`)
  for (const identity of identities) await (await before.login(identity)).enrollVerified(before.now())
  let left = 25
  const failing: EntityStore = {
    ...store,
    async replace (key, expected, next) {
      if (left-- <= 0) throw new Error('the disk is full: password=hunter2')
      return await store.replace(key, expected, next)
    }
  }
  const done: string[] = []
  const going = async () => {
    for await (const { identity } of reseal({ store: failing, keys: [FRESH, OLD] })) done.push(identity)
  }
  await t.rejects(going(), { code: 'ERR_TOTP_STORE', cause: { message: /disk is full: password=…/ } })
  t.same(done, identities.slice(0, 25))
  const rest = await resealed({ store, keys: [FRESH, OLD], after: done.at(-1) ?? '' })
  t.same(rest.map(({ identity }) => identity), identities.slice(25))
  const all = await resealed({ store, keys: [FRESH, OLD] })
  t.ok(all.length === 30 && all.every(({ status }) => status === 'current'))
})

t.test('an identity that keeps changing is refused, and the others are resealed', async t => {
  const store = memoryStore()
  const before = await site(t, { totp: { store, keys: [OLD] } })
  for (const identity of ['alice', 'bob']) await (await before.login(identity)).enrollVerified(before.now())
  const busy: EntityStore = {
    ...store,
    replace: async (key, expected, next) => key !== 'identity:alice' && await store.replace(key, expected, next)
  }
  t.match(await resealed({ store: busy, keys: [FRESH, OLD], timeout: 6 }), [
    { identity: 'alice', status: 'refused', reason: /kept changing/ }, { identity: 'bob', status: 'resealed' }
  ])
})

t.test('an identity that cannot be opened is refused and unchanged, and the others are resealed', async t => {
  const store = memoryStore()
  const before = await site(t, { totp: { store, keys: [OLD] } })
  for (const identity of ['alice', 'bob', 'carol', 'dave']) await (await before.login(identity)).enrollVerified(before.now())
  const other = await site(t, { totp: { store, keys: [randomBytes(32)] } })
  await (await other.login('erin')).enrollVerified(other.now())
  const hers = await kept(store, 'alice')
  await rewrite(store, entity => ({ ...entity, factors: hers.factors }), 'bob')
  const { generation, ...broken } = await kept(store, 'carol')
  await store.replace('identity:carol', broken.revision, untypedEntity({ ...broken, revision: broken.revision + 1 }))
  const service = await there(t, { totp: { store, keys: [randomBytes(32)] } })
  await enrolledThere(await service.login('frank'))

  const documents = async () => await Promise.all(['bob', 'carol', 'erin', 'frank'].map(async name =>
    await store.get(`identity:${name}`)))
  const untouched = await documents()
  t.match(await resealed({ store, keys: [FRESH, OLD] }), [
    { identity: 'alice', status: 'resealed' },
    { identity: 'bob', status: 'refused', reason: /belongs to another factor/ },
    { identity: 'carol', status: 'refused', reason: /does not fit its schema/ },
    { identity: 'dave', status: 'resealed' },
    { identity: 'erin', status: 'refused', reason: /under a key that is not among "keys"/ },
    { identity: 'frank', status: 'refused', reason: /a factor at Twilio was tampered with/ }
  ])
  t.same(await documents(), untouched)
})

t.test('invalid options are rejected', async t => {
  const store = memoryStore()
  const { list, ...unlisted } = store
  const wrong = (options: ResealOptions) => t.rejects(resealed(options), { code: 'ERR_TOTP_INVALID_OPTION' })
  await wrong({ store, keys: [] })
  await wrong({ store, keys: [OLD, OLD] })
  await wrong({ store, keys: [randomBytes(31)] })
  await wrong({ store: unlisted, keys: [OLD] })
})

function untypedEntity (entity: object): Entity {
  return JSON.parse(JSON.stringify(entity))
}
