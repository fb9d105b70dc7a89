import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { memoryStore, type FastifyTotpOptions } from '../../src/index.js'
import { site, type SiteOptions } from '../site.js'
import { hostile, type Hostile } from './hostile.js'
import { codeOf, enrolledThere, FIRST, kept, providerAt, RIGHT, there, verifyThere, WRONG } from './there.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const UNAVAILABLE = { status: 503, code: 'ERR_TOTP_PROVIDER' }
const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }

/** The same application before and after its options were changed; one clock goes on. */
async function moved (
  t: Test, before: Partial<FastifyTotpOptions>, after: Partial<FastifyTotpOptions>, options: SiteOptions = {}
) {
  const store = memoryStore()
  let time = 1_800_000_000
  const clock = () => time
  return {
    store,
    now: clock,
    wait: (seconds: number) => { time += seconds },
    before: await site(t, { totp: { store, clock, ...before } }),
    after: await site(t, { ...options, totp: { store, clock, ...after } })
  }
}

async function service (t: Test): Promise<Hostile> {
  const server = await hostile(t)
  server.right.add(FIRST).add(RIGHT)
  return server
}

t.test('from Twilio to the embedded provider: a user is asked to enroll anew, and the old factors go', async t => {
  const server = await service(t)
  const provider = providerAt(server)
  const { before, after, store, now } = await moved(t, { provider }, {
    formerProviders: [provider], reenroll: true
  })
  const sid = await enrolledThere(await before.login('alice'))
  const other = await after.login('alice')
  server.right.add(codeOf(1))
  t.match((await other.challenge(codeOf(1))).json(), { status: 'approved', reenroll: true })

  const alice = await after.login('alice')
  t.match((await alice.challenge(RIGHT)).json(), { status: 'approved', reenroll: true })
  const phone = await alice.enroll()
  t.equal((await kept(store)).unverified?.provider, 'embedded')
  t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) }), { status: 200 })
  t.match(await kept(store), { factors: [{ provider: 'embedded' }], leftovers: { length: 0 } })
  t.equal(server.factors.size, 0)
  t.match(await alice.vault(), { status: 200 })
  t.match(await other.vault(), REQUIRED)
  await turn()
  t.match(after.events.slice(-2), [
    { type: 'factor.verified', factorSid: phone.sid }, { type: 'factor.deleted', factorSid: sid }
  ])
  const asked = server.asked('create').length
  t.match(await (await after.login('alice')).challenge(WRONG), DENIED)
  t.match(await alice.challenge(RIGHT), DENIED, 'the old app opens nothing')
  t.equal(server.asked('create').length, asked)
})

t.test('from the embedded provider to Twilio: likewise', async t => {
  const server = await service(t)
  const { before, after, store, now, wait } = await moved(t, {}, {
    provider: providerAt(server), reenroll: true
  })
  const phone = await (await before.login('alice')).enrollVerified(now())
  wait(60)
  const alice = await after.login('alice')
  t.match((await alice.challenge(phone.code(now()))).json(), { status: 'approved', reenroll: true })
  const { sid } = await alice.enroll()
  t.match(await verifyThere(alice, sid), { status: 200 })
  t.match(await kept(store), { factors: [{ provider: 'twilio', sid }] })
  wait(60)
  t.match(await alice.challenge(phone.code(now())), DENIED)
  const answer = await alice.challenge(RIGHT)
  t.match(answer, { status: 200 })
  t.notOk('reenroll' in answer.json(), 'there is nothing to ask for any more')
})

t.test('from one service to another: likewise, and each factor is judged by its own', async t => {
  const [old, recent] = [await service(t), await service(t)]
  const former = providerAt(old)
  const { before, after, store } = await moved(t, { provider: former }, {
    provider: providerAt(recent), formerProviders: [former], reenroll: true
  })
  await enrolledThere(await before.login('alice'))
  const alice = await after.login('alice')
  t.match((await alice.challenge(RIGHT)).json(), { reenroll: true })
  t.equal(old.asked('create').length, 1)
  const { sid } = await alice.enroll()
  t.match(await verifyThere(alice, sid), { status: 200 })
  t.match(await kept(store), { factors: [{ sid, remote: { serviceSid: recent.serviceSid } }] })
  t.equal(old.factors.size, 0)
  t.equal(recent.factors.size, 1)
  t.match(await alice.challenge(RIGHT), { status: 200 })
  t.equal(recent.asked('create').length, 1)
})

t.test('without reenroll nobody is asked, and the factors stay beside each other', async t => {
  const server = await service(t)
  const { before, after, store, now, wait } = await moved(t, {}, { provider: providerAt(server) })
  const phone = await (await before.login('alice')).enrollVerified(now())
  wait(60)
  const alice = await after.login('alice')
  t.notOk('reenroll' in (await alice.challenge(phone.code(now()))).json())
  await enrolledThere(alice)
  t.match(await kept(store), { factors: [{ provider: 'embedded' }, { provider: 'twilio' }] })
})

t.test('former factors take no room from new ones', async t => {
  const server = await service(t)
  const { before, after, store, now, wait } = await moved(t, { maxFactors: 1 }, {
    provider: providerAt(server), reenroll: true, maxFactors: 1
  })
  const phone = await (await before.login('alice')).enrollVerified(now())
  wait(60)
  const alice = await after.login('alice')
  await alice.challenge(phone.code(now()))
  await enrolledThere(alice)
  t.match(await kept(store), { factors: [{ provider: 'twilio' }] })
  t.match(await alice.post('/totp/factors', {}), { status: 409, code: 'ERR_TOTP_FACTOR_LIMIT' })
})

t.test('a former factor that Twilio fails to delete is unusable all the same, and is told of', async t => {
  const server = await service(t)
  const provider = providerAt(server)
  const { before, after, store, now } = await moved(t, { provider }, {
    formerProviders: [provider], reenroll: true
  })
  const sid = await enrolledThere(await before.login('alice'))
  const alice = await after.login('alice')
  await alice.challenge(RIGHT)
  const phone = await alice.enroll()
  server.answer('remove', 'reset')
  t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) }), { status: 200 })
  t.match(await kept(store), { factors: { length: 1 }, leftovers: [{ sid }] })
  await turn()
  t.match(after.events.at(-1), { type: 'factor.leftover', factorSid: sid })
  server.mend()
  t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
  t.equal(server.factors.size, 0)
})

t.test('a factor whose provider is not configured is judged by nobody, and is a factor still', async t => {
  const server = await service(t)
  let log = ''
  const { before, after } = await moved(t, { provider: providerAt(server) }, {}, {
    server: {
      logger: { stream: new Writable({ write: (line, _encoding, done) => { log += String(line); done() } }) }
    },
    routes: app => { app.get('/open', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async () => 'open') }
  })
  const sid = await enrolledThere(await before.login('alice'))
  const alice = await after.login('alice')
  for (const [code, factorSid] of [[RIGHT], [WRONG], [RIGHT, sid]] as const) {
    const answer = await alice.challenge(code, factorSid)
    t.match(answer, UNAVAILABLE)
    t.notMatch(answer.text, server.serviceSid)
  }
  t.match(log, `a factor is kept by the Verify service ${server.serviceSid}, which is neither`)
  t.match(await alice.vault(), REQUIRED)
  t.match(await alice.get('/open'), REQUIRED)
  t.match(await alice.post('/totp/factors', {}), REQUIRED, 'nobody enrolls around it')
  t.strictSame(server.asked('create'), [])
  const another = await there(t, { totp: { store: after.store } })
  t.match(await (await another.login('alice')).challenge(RIGHT), UNAVAILABLE, 'nor does another service judge it')
  t.strictSame(another.server.log, [])
})

t.test('an enrollment that began before the move is finished by the provider that began it', async t => {
  const server = await service(t)
  const provider = providerAt(server)
  const { before, after, store } = await moved(t, { provider }, {
    formerProviders: [provider], reenroll: true
  })
  const { app } = before
  const operator = { identity: 'alice', operator: true } as const
  const { factor } = await app.totp.enroll(operator, { friendlyName: 'phone' })
  await after.app.totp.verify(operator, factor.sid, FIRST)
  t.match(await kept(store), { factors: [{ provider: 'twilio' }] })
})
