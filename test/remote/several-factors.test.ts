import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { memoryStore } from '../../src/index.js'
import { site } from '../site.js'
import { but, hostile, refusal } from './hostile.js'
import { codeOf, counted, enrolledThere, kept, keptFactor, rewrite, RIGHT, there, verifyThere, WRONG } from './there.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }

t.test('with several factors at Twilio a challenge names one, so that one code never starts two', async t => {
  const { login, server, store } = await there(t)
  const alice = await login('alice')
  const first = await enrolledThere(alice)
  const second = await enrolledThere(alice)
  const answer = await alice.challenge(RIGHT)
  t.match(answer, { status: 400, code: 'FST_ERR_VALIDATION' })
  t.match(answer.text, 'factorSid is needed')
  t.strictSame(server.asked('create'), [])
  t.equal(await counted(store), 0)
  t.match(await alice.challenge(RIGHT, second), { status: 200 })
  t.match(await alice.challenge(WRONG, first), DENIED)
  t.equal(server.asked('create').length, 2)
  t.match(await alice.challenge(RIGHT, second), DENIED)
  t.match(await alice.challenge(RIGHT, `YF${'0'.repeat(32)}`), { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
})

/** Somebody with an embedded factor and one at Twilio, on one store. */
async function mixed (t: Test) {
  const [store, server] = [memoryStore(), await hostile(t)]
  const here = await site(t, { totp: { store } })
  const phone = await (await here.login('alice')).enrollVerified(here.now())
  const made = await there(t, { totp: { store } }, server)
  made.wait(60)
  const alice = await made.login('alice')
  const { status } = await alice.challenge(phone.code(made.now()))
  t.equal(status, 200)
  const sid = await enrolledThere(alice)
  made.wait(60)
  const person = await made.login('alice')
  return { ...made, here, phone, sid, person }
}

t.test('a right code of an embedded factor is judged without asking Twilio', async t => {
  const { person, phone, now, server, store } = await mixed(t)
  t.match(await person.challenge(phone.code(now())), { status: 200 })
  t.match(await person.vault(), { status: 200 })
  t.strictSame(server.asked('create'), [])
  t.equal(await counted(store), 0)
})

t.test('what no embedded factor has, the one at Twilio may have; a wrong code is counted once', async t => {
  const { person, phone, now, server, store, sid } = await mixed(t)
  t.match(await person.challenge(phone.wrongCode(now())), DENIED)
  t.equal(await counted(store), 1)
  t.equal(server.asked('create').length, 1)
  const answer = await person.challenge(RIGHT)
  t.match(answer, { status: 200 })
  t.equal(answer.json().approval.factorSid, sid)
  t.equal(await counted(store), 0)
})

t.test('a code for the embedded factor by its sid is nobody else\'s business', async t => {
  const { person, phone, now, server } = await mixed(t)
  t.match(await person.challenge(phone.wrongCode(now()), phone.sid), DENIED)
  t.match(await person.challenge(RIGHT, phone.sid), DENIED)
  t.strictSame(server.asked('create'), [])
})

t.test('guesses that an embedded factor has judged count, whatever Twilio refuses then', async t => {
  const refusals = [
    refusal(404, 20404), refusal(401, 20003), refusal(403, 60318), refusal(429, 20429), refusal(429, 60312)
  ]
  for (const instead of refusals) {
    const { person, phone, now, server } = await mixed(t)
    server.answer('create', instead)
    const wrong = phone.wrongCode(now())
    for (let i = 0; i < 5; i++) await person.challenge(wrong)
    t.match(await person.challenge(phone.code(now())), LOCKED, `a sixth guess meets the lock: ${JSON.stringify(instead)}`)
  }
})

t.test('guesses that an embedded factor has judged count where Twilio can not be reached', async t => {
  const { person, phone, now, server } = await mixed(t)
  await server.close()
  for (let i = 0; i < 5; i++) await person.challenge(phone.wrongCode(now()))
  t.match(await person.challenge(phone.code(now())), LOCKED)
})

t.test('guesses that an embedded factor has judged count where the other provider is not configured', async t => {
  const { here, phone } = await mixed(t)
  here.wait(240)
  const thief = await here.login('alice')
  for (let i = 0; i < 5; i++) await thief.challenge(phone.wrongCode(here.now()))
  t.match(await thief.challenge(phone.code(here.now())), LOCKED)
})

t.test('guesses that an embedded factor has judged count where no challenge would be created', async t => {
  const { person, phone, now, store } = await mixed(t)
  await rewrite(store, entity => ({
    ...entity,
    factors: entity.factors.map(factor =>
      factor.provider === 'twilio' ? { ...factor, created: Array.from({ length: 50 }, now) } : factor)
  }))
  for (let i = 0; i < 5; i++) await person.challenge(phone.wrongCode(now()))
  t.match(await person.challenge(phone.code(now())), LOCKED)
  t.equal(await counted(store), 5)
})

t.test('guesses that an embedded factor has judged reach the cap, whatever becomes of the question', async t => {
  for (const instead of [refusal(500, 20500), but({ status: 'Approved' })]) {
    const { person, phone, now, wait, server, store } = await mixed(t)
    server.answer('create', instead)
    for (let guesses = 0; guesses < 50; guesses++) {
      t.match(await person.challenge(phone.wrongCode(now())), { status: 503, code: 'ERR_TOTP_PROVIDER' })
      wait(3601)
    }
    t.match((await kept(store)).attempts, { failures: 50, unknown: 0 })
    t.match(await person.challenge(phone.code(now())), { status: 403, code: 'ERR_TOTP_DISABLED' })
  }
})

t.test('a factor in another identity\'s document is not asked about', async t => {
  const { login, server, store, events } = await there(t)
  const [alice, mallory] = [await login('alice'), await login('mallory')]
  await enrolledThere(alice)
  await enrolledThere(mallory)
  const victim = await keptFactor(store, 'alice')
  const { sid } = await keptFactor(store, 'mallory')
  for (const moved of [victim, { ...victim, sid }]) {
    await rewrite(store, entity => ({ ...entity, factors: [moved] }), 'mallory')
    t.match(await (await login('mallory')).challenge(RIGHT), { status: 503, code: 'ERR_TOTP_STORE' })
    await turn()
    t.match(events.at(-1), { type: 'document.refused', identity: 'mallory' })
  }
  t.strictSame(server.asked('create'), [])
})

t.test('where a factor is kept can not be changed in the document', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  await enrolledThere(await login('mallory'))
  const { remote } = await keptFactor(store, 'alice')
  const factor = await keptFactor(store, 'mallory')
  await rewrite(store, entity => ({ ...entity, factors: [{ ...factor, remote }] }), 'mallory')
  t.match(await (await login('mallory')).challenge(RIGHT), { status: 503, code: 'ERR_TOTP_STORE' })
  t.strictSame(server.asked('create'), [])
})

t.test('an unverified factor in another identity\'s document is not asked about', async t => {
  const { login, server, store, events } = await there(t)
  await (await login('alice')).enroll()
  const mallory = await login('mallory')
  const { sid } = await mallory.enroll()
  const victim = (await kept(store, 'alice')).unverified
  await rewrite(store, entity => {
    const { unverified } = entity
    if (unverified?.provider !== 'twilio' || victim?.provider !== 'twilio') throw new Error('both are at Twilio')
    return { ...entity, unverified: { ...unverified, remote: victim.remote, tag: victim.tag } }
  }, 'mallory')
  t.match(await verifyThere(mallory, sid, codeOf(1)), { status: 503, code: 'ERR_TOTP_STORE' })
  await turn()
  t.match(events.at(-1), { type: 'document.refused', identity: 'mallory' })
  t.strictSame(server.asked('verify'), [])
})
