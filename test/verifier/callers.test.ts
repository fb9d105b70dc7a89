import t from 'tap'
import { sourceOf } from '../../src/verifier/caller.js'
import { untyped } from '../untyped.js'
import { newMark } from '../../src/entity/mark.js'
import { rig } from './rig.js'

const START = 1_800_000_000
const session = { mark: null, began: START }

t.test('a caller is a session or an operator, and anything else is refused', async t => {
  const verifier = rig(START).instance()
  for (const caller of [
    { identity: 'alice' }, { identity: 'alice', operator: false }, { identity: 'alice', operator: 'true' },
    { identity: 'alice', session: null }, { identity: 'alice', session: {} },
    { identity: 'alice', session: { mark: null, began: NaN } }
  ]) {
    await t.rejects(verifier.factors(untyped(caller)), { name: 'TypeError' }, JSON.stringify(caller))
    await t.rejects(verifier.challenge(untyped(caller), { code: '123456' }), { name: 'TypeError' })
    await t.rejects(verifier.check(untyped(caller)), { name: 'TypeError' })
  }
  await t.rejects(verifier.factors({ identity: '', session }), { code: 'ERR_TOTP_UNIDENTIFIED' })
  await t.rejects(verifier.factors(untyped({ identity: 42, session })), { code: 'ERR_TOTP_IDENTITY' })
})

t.test('an operator passes no guard, and has no approval to withdraw', async t => {
  const verifier = rig(START).instance()
  const operator = { identity: 'alice', operator: true }
  await t.rejects(verifier.check(untyped(operator)), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.strictSame(await verifier.withdraw(untyped(operator)), { mark: null })
  t.strictSame(await verifier.claims(untyped(operator)), {})
})

t.test('events know their caller by its own properties', async t => {
  const request = { identity: 'alice', session }
  const pollution = { operator: true, context: 'theirs' }
  t.teardown(() => {
    for (const name of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, name)
  })
  Object.assign(Object.prototype, pollution)
  t.strictSame(sourceOf(request), { actor: 'user', context: null })
  t.strictSame(sourceOf({ ...request, context: 'own' }), { actor: 'user', context: 'own' })
  t.strictSame(sourceOf({ identity: 'alice', operator: true }), { actor: 'operator', context: null })
})

t.test('names that no app can show are refused by every method', async t => {
  const { store, ...made } = rig(START)
  const verifier = made.instance()
  for (const friendlyName of ['', 'a:b', 'a\nb', 'x'.repeat(65), '\ud800', 5, null]) {
    const enrolled = verifier.enroll({ identity: 'alice', session }, { friendlyName: untyped(friendlyName) })
    await t.rejects(enrolled, { code: 'FST_ERR_VALIDATION' })
  }
  t.equal(await store.get('identity:alice'), null)
})

t.test('an identity without an entity has nothing to verify, rename or remove', async t => {
  const verifier = rig(START).instance()
  const alice = { identity: 'alice', session }
  const sid = 'YF' + '0'.repeat(32)
  await t.rejects(verifier.verify(alice, sid, '123456'), { code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
  await t.rejects(verifier.rename(alice, sid, 'phone'), { code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
  await t.rejects(verifier.remove(alice, sid), { code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
  await t.resolves(verifier.revoke('alice'))
})

t.test('a session without a mark that withdraws gets one, and nothing is written', async t => {
  const { store, ...made } = rig(START)
  const verifier = made.instance()
  const alice = { identity: 'alice', session }
  t.match((await verifier.withdraw(alice)).mark, /^[A-Za-z0-9_-]{22}$/)
  await verifier.enroll(alice, { friendlyName: 'phone' })
  const before = await store.get('identity:alice')
  await verifier.withdraw(alice)
  t.strictSame(await store.get('identity:alice'), before)
})

t.test('a session gets the mark that was prepared for it, unless that is none, or not a new one', async t => {
  const verifier = rig(START).instance()
  const [mark, nextMark] = [newMark(), newMark()]
  const withdrawn = async (session: object) =>
    (await verifier.withdraw(untyped({ identity: 'alice', session: { began: START, ...session } }))).mark
  t.equal(await withdrawn({ mark, nextMark }), nextMark)
  t.equal(await withdrawn({ mark: null, nextMark }), nextMark)
  const own = Object.getOwnPropertyDescriptors({ mark, began: START })
  const inherited: object = Object.create({ nextMark }, own)
  const others = [
    await withdrawn({ mark, nextMark: mark }), await withdrawn({ mark, nextMark: 'x' }),
    (await verifier.withdraw({ identity: 'alice', session: untyped(inherited) })).mark
  ]
  for (const other of others) {
    t.match(other, /^[\w-]{22}$/)
    t.notOk([mark, nextMark].includes(String(other)))
  }
})
