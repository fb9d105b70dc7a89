import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { faultyStore } from '../faulty-store.js'
import { gate } from '../gate.js'
import { refusal, sidOf } from './hostile.js'
import {
  arrived, codeOf, counted, enrolledThere, hold, kept, keptFactor, rewrite, RIGHT, there, verifyThere
} from './there.js'

const GONE = { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }
const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }

t.test('a right code opens nothing where approvals were revoked while Twilio was asked', async t => {
  const { app, login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const alice = await login('alice')
  const held = hold(server, 'create')
  const challenge = alice.challenge(RIGHT)
  await arrived(server, 'create', 1)
  await app.totp.revoke('alice')
  held.open()
  t.match(await challenge, REQUIRED)
  t.match(await alice.vault(), REQUIRED)
  t.match((await kept(store)).attempts, { unknown: 1, pending: [] })
  server.mend()
  t.match(await alice.challenge(RIGHT), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }, 'and the code is spent')
})

t.test('a factor that was put in the place of the one that was asked about gains nothing', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  await enrolledThere(await login('mallory'))
  const { remote } = await keptFactor(store, 'mallory')
  const alice = await login('alice')
  const held = hold(server, 'create')
  const challenge = alice.challenge(RIGHT)
  await arrived(server, 'create', 1)
  await rewrite(store, entity => ({
    ...entity, factors: entity.factors.map(factor => factor.provider === 'twilio' ? { ...factor, remote } : factor)
  }))
  held.open()
  t.match(await challenge, GONE)
  server.mend()
  server.right.add(codeOf(7))
  t.match(await (await login('alice')).challenge(codeOf(7)), { status: 503, code: 'ERR_TOTP_STORE' }, 'no tag fits it')
})

t.test('what is given back after its lock is over lifts no later one', async t => {
  const { login, server, store, wait } = await there(t)
  await enrolledThere(await login('alice'))
  const thief = await login('alice')
  const held = gate()
  server.answer('create', async () => {
    await held.passed
    return refusal(429, 20429)
  })
  const early = [1, 2, 3, 4, 5].map(async n => await thief.challenge(codeOf(n)))
  await arrived(server, 'create', 5)
  t.match(await thief.challenge(codeOf(6)), LOCKED)
  wait(31)
  server.mend()
  for (const n of [6, 7, 8, 9, 10]) t.match(await thief.challenge(codeOf(n)), { status: 403 })
  t.match(await thief.challenge(codeOf(11)), LOCKED)
  held.open()
  await Promise.all(early)
  t.match(await thief.challenge(codeOf(11)), LOCKED)
  t.equal(await counted(store), 10)
})

t.test('a factor that was removed here is not adopted again while Twilio still has it', async t => {
  const { app, server, store } = await there(t)
  const twilioFactorSid = sidOf('YF')
  server.factors.set(twilioFactorSid, {
    identity: 'legacy-0001',
    friendlyName: 'phone',
    status: 'verified',
    config: { alg: 'sha1', skew: 1, code_length: 6, time_step: 30 },
    dateCreated: '2020-01-15T08:00:00Z'
  })
  const adoption = { identity: 'alice', twilioIdentity: 'legacy-0001', twilioFactorSid }
  const { sid } = await app.totp.adopt(adoption)
  server.answer('remove', refusal(500, 20500))
  await app.totp.remove({ identity: 'alice', operator: true }, sid)
  await t.rejects(app.totp.adopt(adoption), { code: 'FST_ERR_VALIDATION' })
  t.match(await kept(store), { factors: { length: 0 }, leftovers: { length: 1 } })
})

t.test('an adoption whose answer could not be kept leaves the identity as it is', async t => {
  const { app, server, store } = await there(t)
  const good = {
    identity: 'legacy-0001',
    friendlyName: 'phone',
    status: 'verified',
    config: { alg: 'sha1', skew: 1, code_length: 6, time_step: 30 },
    dateCreated: '2020-01-15T08:00:00Z'
  }
  for (const odd of [
    { dateCreated: '1969-01-01T00:00:00Z' }, { config: { ...good.config, time_step: 30.5 } },
    { config: { ...good.config, code_length: 5 } }, { config: { ...good.config, skew: 2 } }
  ]) {
    const twilioFactorSid = sidOf('YF')
    server.factors.set(twilioFactorSid, { ...good, ...odd })
    await t.rejects(app.totp.adopt({ identity: 'alice', twilioIdentity: 'legacy-0001', twilioFactorSid }))
  }
  t.equal(await store.get('identity:alice'), null)
})

t.test('a removal that has won is answered as one, also where what is left can not be looked up', async t => {
  const memory = memoryStore()
  const store = faultyStore(memory)
  const { login, server } = await there(t, { totp: { store } })
  const alice = await login('alice')
  const sid = await enrolledThere(alice)
  const other = await login('alice')
  let removed = false
  store.break('get', async key => {
    if (removed) throw new Error('the disk is full')
    const document = await memory.get(String(key))
    removed = true
    return document
  })
  t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
  store.mend()
  t.match(await kept(store), { factors: { length: 0 }, leftovers: [{ sid }] })
  t.match(await other.delete(`/totp/factors/${sid}`), { status: 204 })
  t.equal(server.asked('remove').length, 1)
})

t.test('a session without approval has nothing deleted at Twilio while there is a factor to approve it', async t => {
  const { login, server } = await there(t)
  const alice = await login('alice')
  const lost = await enrolledThere(alice)
  const phone = await enrolledThere(alice)
  server.answer('remove', refusal(500, 20500))
  t.match(await alice.delete(`/totp/factors/${lost}`), { status: 204 })
  const asked = server.asked('remove').length
  const thief = await login('alice')
  t.match(await thief.delete(`/totp/factors/${lost}`), REQUIRED)
  t.equal(server.asked('remove').length, asked)
  server.mend()
  t.match(await thief.challenge(RIGHT, phone), { status: 200 })
  t.match(await thief.delete(`/totp/factors/${lost}`), { status: 204 })
})

t.test('a factor that Twilio verifies while nobody wants it any more is deleted there', async t => {
  const { app, login, server, store } = await there(t)
  for (const meanwhile of ['revoked', 'enrolled anew']) {
    const alice = await login(`alice ${meanwhile}`)
    const { sid } = await alice.enroll()
    const held = hold(server, 'verify')
    const count = server.asked('verify').length
    const verify = verifyThere(alice, sid, RIGHT)
    await arrived(server, 'verify', count + 1)
    if (meanwhile === 'revoked') await app.totp.revoke(`alice ${meanwhile}`)
    else await alice.enroll()
    held.open()
    t.match(await verify, GONE, meanwhile)
    server.mend()
    t.strictSame([...server.factors.values()].filter(({ status }) => status === 'verified'), [], meanwhile)
    t.strictSame((await store.get(`identity:alice ${meanwhile}`))?.leftovers ?? [], [], meanwhile)
  }
})

t.test('why a repeated deletion fails is told to whoever repeats it, and one that was touched is not asked for', async t => {
  const { app, login, server, store } = await there(t)
  const operator = { identity: 'alice', operator: true } as const
  const sid = await enrolledThere(await login('alice'))
  server.answer('remove', refusal(500, 20500))
  await app.totp.remove(operator, sid)
  await t.rejects(app.totp.remove(operator, sid), {
    code: 'ERR_TOTP_PROVIDER', cause: { message: 'Twilio answered with HTTP 500, error 20500' }
  })
  server.mend()
  const asked = server.asked('remove').length
  await rewrite(store, entity => ({
    ...entity, leftovers: entity.leftovers.map(leftover => ({ ...leftover, tag: 'A'.repeat(43) }))
  }))
  await t.rejects(app.totp.remove(operator, sid), { code: 'ERR_TOTP_STORE' })
  t.equal(server.asked('remove').length, asked)
})
