import { randomBytes } from 'node:crypto'
import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { site, START } from '../site.js'

t.test('secrets are shown once, and kept sealed', async t => {
  const store = memoryStore()
  const { login, now } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  t.notMatch((await alice.get('/totp/factors')).text, phone.secret)
  const kept = JSON.stringify(await store.get('identity:alice'))
  t.notMatch(kept, phone.secret)
})

t.test('keys may change order, and an old one may go once its secrets were used', async t => {
  const [old, fresh, other] = [randomBytes(32), randomBytes(32), randomBytes(32)]
  const store = memoryStore()
  let time = START
  const withKeys = async (...keys: Buffer[]) => await site(t, { totp: { store, keys, clock: () => time } })
  const before = await withKeys(old)
  const alice = await before.login('alice')
  const phone = await alice.enrollVerified(time)
  const [both, still, after] = [await withKeys(fresh, old), await withKeys(old, fresh), await withKeys(fresh)]
  const foreign = await withKeys(other)

  const unknown = await (await after.login('alice')).challenge(phone.code(time))
  t.match(unknown, { status: 503, code: 'ERR_TOTP_STORE' }, 'sealed under a key that is missing')
  for (const { login } of [both, still, both, after]) {
    time += 60
    t.match(await (await login('alice')).challenge(phone.code(time)), { status: 200 })
  }

  const stranger = await foreign.login('alice')
  for (let i = 0; i < 10; i++) {
    t.match(await stranger.challenge(phone.code(time)), { status: 503, code: 'ERR_TOTP_STORE' })
  }
  const entity = await store.get('identity:alice')
  t.match(entity, { attempts: { failures: 0, tally: 0 } }, 'what can\'t be judged is not counted')
  await new Promise(setImmediate)
  t.match(foreign.events.at(-1), { type: 'document.refused', identity: 'alice' })
})

t.test('the secret of one identity does not open in the document of another', async t => {
  const store = memoryStore()
  const { login, now, wait } = await site(t, { totp: { store } })
  const [alice, bob] = [await login('alice'), await login('bob')]
  const phone = await alice.enrollVerified(now())
  await bob.enrollVerified(now())
  const [hers, his] = [await store.get('identity:alice'), await store.get('identity:bob')]
  if (hers === null || his === null) throw new Error('both were just made')
  await store.replace('identity:bob', his.revision, { ...his, revision: his.revision + 1, factors: hers.factors })
  wait(60)
  t.match(await bob.challenge(phone.code(now())), { status: 503, code: 'ERR_TOTP_STORE' })
})
