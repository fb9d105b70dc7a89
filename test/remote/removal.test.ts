import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { deadlines } from '../deadlines.js'
import { site } from '../site.js'
import { hostile, refusal } from './hostile.js'
import { arrived, enrolledThere, hold, kept, RIGHT, there } from './there.js'

const UNAVAILABLE = { status: 503, code: 'ERR_TOTP_PROVIDER' }
const GONE = { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }

t.test('a factor that is removed is deleted at Twilio', async t => {
  const { login, server, store, events } = await there(t)
  const alice = await login('alice')
  const sid = await enrolledThere(alice)
  const { factors: [factor] } = await kept(store)
  t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
  t.match(server.asked('remove'), [factor?.provider === 'twilio' ? { sid: factor.remote.sid } : {}])
  t.equal(server.factors.size, 0)
  t.match(await kept(store), { factors: { length: 0 }, leftovers: { length: 0 } })
  await turn()
  t.match(events.at(-1), { type: 'factor.deleted', factorSid: sid })
  t.match(await alice.delete(`/totp/factors/${sid}`), GONE)
  t.equal(server.asked('remove').length, 1)
})

t.test('an unverified factor that is removed is deleted at Twilio too', async t => {
  const { login, server } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
  t.equal(server.factors.size, 0)
})

t.test('if Twilio fails to delete a factor, it is unusable at once, an event reports it, and the removal can be repeated', async t => {
  const failures = [
    refusal(500, 20500), refusal(401, 20003), refusal(429, 20429), 'reset', 'hang',
    { status: 404, body: '<html>Not Found</html>', type: 'text/html' }, refusal(403, 20404),
    { status: 200, body: '<html>Please log in</html>', type: 'text/html' }, { status: 200 }, { status: 202 }
  ] as const
  const { login, server, store, events } = await there(t)
  server.whenHung = deadlines(t).pass
  for (const instead of failures) {
    const identity = JSON.stringify(instead)
    const alice = await login(identity)
    const sid = await enrolledThere(alice)
    server.answer('remove', instead)
    t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 }, identity)
    await turn()
    t.match(events.at(-1), { type: 'factor.leftover', identity, factorSid: sid })
    t.match(events.at(-2), { type: 'factor.deleted', identity, factorSid: sid })
    const before = server.asked('create').length
    t.match(await alice.challenge(RIGHT), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, identity)
    t.match(await alice.vault(), { status: 403 }, identity)
    t.equal(server.asked('create').length, before)
    t.match(await alice.delete(`/totp/factors/${sid}`), UNAVAILABLE, identity)
    t.match(await kept(store, identity), { leftovers: [{ sid }] })
    server.mend()
    t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 }, identity)
    t.match(await alice.delete(`/totp/factors/${sid}`), GONE, identity)
  }
})

t.test('a factor that Twilio no longer has counts as deleted', async t => {
  const { login, server, store } = await there(t)
  for (const code of [20404, 60390, 60391, 60392]) {
    const alice = await login(String(code))
    const sid = await enrolledThere(alice)
    server.answer('remove', refusal(404, code))
    t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
    t.match(await kept(store, String(code)), { leftovers: { length: 0 } })
  }
})

t.test('another user can\'t repeat a deletion', async t => {
  const { login, server } = await there(t)
  const alice = await login('alice')
  const sid = await enrolledThere(alice)
  server.answer('remove', 'reset')
  t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
  const mallory = await login('mallory')
  await enrolledThere(mallory)
  t.match(await mallory.delete(`/totp/factors/${sid}`), GONE)
  t.equal(server.asked('remove').length, 1)
})

t.test('a reset deletes every factor at Twilio, and a repetition those that are left', async t => {
  const { login, server, store, app } = await there(t)
  const alice = await login('alice')
  await enrolledThere(alice)
  await enrolledThere(alice)
  await alice.enroll()
  let removals = 0
  server.answer('remove', usual => ++removals === 2 ? 'reset' : usual)
  await app.totp.reset('alice')
  t.match(await kept(store), { factors: { length: 0 }, unverified: null, leftovers: { length: 1 } })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  server.mend()
  t.equal(server.entities.size, 1, 'its entity stays while a factor is left')
  await app.totp.reset('alice')
  t.equal(await store.get('identity:alice'), null)
  t.equal(server.entities.size, 0)
  t.equal(server.asked('remove').length, 4)
  await app.totp.reset('alice')
  await app.totp.reset('nobody')
  t.equal(server.asked('remove').length, 4)
})

t.test('two simultaneous resets leave nothing', async t => {
  const { login, server, store, app } = await there(t)
  await enrolledThere(await login('alice'))
  const held = hold(server, 'remove')
  const resets = Promise.all([app.totp.reset('alice'), app.totp.reset('alice')])
  await arrived(server, 'remove', 2)
  held.open()
  await resets
  t.equal(await store.get('identity:alice'), null)
})

t.test('an operator can remove a factor, and repeat the removal', async t => {
  const { login, server, app } = await there(t)
  const operator = { identity: 'alice', operator: true } as const
  const sid = await enrolledThere(await login('alice'))
  server.answer('remove', 'reset')
  await app.totp.remove(operator, sid)
  await t.rejects(app.totp.remove(operator, sid), { code: 'ERR_TOTP_PROVIDER' })
  server.mend()
  await app.totp.remove(operator, sid)
  await t.rejects(app.totp.remove(operator, sid), { code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
})

t.test('a wrong code stays counted after its factor is removed', async t => {
  const { login, store, app } = await there(t)
  const sid = await enrolledThere(await login('alice'))
  await (await login('alice')).challenge('123456')
  await app.totp.remove({ identity: 'alice', operator: true }, sid)
  t.match(await kept(store), { factors: { length: 0 }, attempts: { failures: 1 } })
})

t.test('a factor whose provider isn\'t configured is removed here, and at Twilio once it is configured', async t => {
  const [store, server] = [memoryStore(), await hostile(t)]
  const made = await there(t, { totp: { store } }, server)
  const without = await site(t, { totp: { store } })
  const sid = await enrolledThere(await made.login('alice'))
  const operator = { identity: 'alice', operator: true } as const
  await without.app.totp.remove(operator, sid)
  await turn()
  t.match(without.events.at(-1), { type: 'factor.leftover', factorSid: sid })
  t.strictSame(server.asked('remove'), [])
  await made.app.totp.remove(operator, sid)
  t.equal(server.factors.size, 0)
})

t.test('a reset deletes the entity at Twilio, and a repetition one that is left', async t => {
  const { login, server, store, app, events } = await there(t)
  const sid = await enrolledThere(await login('alice'))
  await enrolledThere(await login('bob'))
  const { sid: entitySid } = await kept(store)
  server.answer('removeEntity', 'reset')
  await app.totp.reset('alice')
  await turn()
  t.match(events.at(-1), { type: 'factor.leftover', identity: 'alice', factorSid: sid, actor: 'operator' })
  t.match(await kept(store), { sid: entitySid, factors: { length: 0 }, leftovers: [{ sid }] })
  server.mend()
  await app.totp.reset('alice')
  t.equal(await store.get('identity:alice'), null)
  t.match(server.asked('removeEntity'), [{ identity: entitySid }, { identity: entitySid }])
  t.strictSame([...server.entities], [(await kept(store, 'bob')).sid], 'others keep theirs')
})

t.test('an entity that Twilio no longer has counts as deleted', async t => {
  const { login, server, store, app } = await there(t)
  await enrolledThere(await login('alice'))
  server.entities.clear()
  await app.totp.reset('alice')
  t.equal(await store.get('identity:alice'), null)
})

t.test('the entity stays while the user has anything: a factor elsewhere, or a new enrollment', async t => {
  const { login, server, app } = await there(t)
  const alice = await login('alice')
  const [one, two] = [await enrolledThere(alice), await enrolledThere(alice)]
  t.match(await alice.delete(`/totp/factors/${one}`), { status: 204 })
  t.match(await alice.challenge(RIGHT), { status: 200 })
  t.match(await alice.delete(`/totp/factors/${two}`), { status: 204 })
  t.equal(server.factors.size, 0)
  const held = hold(server, 'remove')
  await enrolledThere(alice)
  const reset = app.totp.reset('alice')
  await arrived(server, 'remove', 3)
  await alice.enroll()
  held.open()
  await reset
  t.strictSame(server.asked('removeEntity'), [])
})

t.test('the entity of an adopted factor belongs to others', async t => {
  const { app, server, store, login } = await there(t)
  const sid = await enrolledThere(await login('alice'))
  const { factors: [factor] } = await kept(store)
  if (factor?.provider !== 'twilio') throw new Error('Twilio has it')
  const { identity: twilioIdentity, sid: twilioFactorSid } = factor.remote
  await app.totp.adopt({ identity: 'bob', twilioIdentity, twilioFactorSid })
  await app.totp.reset('bob')
  t.equal(await store.get('identity:bob'), null)
  t.strictSame(server.asked('removeEntity'), [])
  t.ok(sid)
})

t.test('removing an enrollment doesn\'t take it off the count of enrollments', async t => {
  const { login } = await there(t)
  const alice = await login('alice')
  for (let i = 0; i < 5; i++) {
    const { sid } = await alice.enroll()
    t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
  }
  t.match(await alice.post('/totp/factors', {}), { status: 429 })
})
