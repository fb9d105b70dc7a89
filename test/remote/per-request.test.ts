import t, { type Test } from 'tap'
import { memoryStore, type FastifyTotpOptions } from '../../src/index.js'
import { faultyStore } from '../faulty-store.js'
import { pay, payments } from '../paying.js'
import { refusal } from './hostile.js'
import { arrived, codeOf, counted, enrolledThere, hold, RIGHT, there, WRONG } from './there.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const CODE_REQUIRED = { status: 403, code: 'ERR_TOTP_CODE_REQUIRED' }
const UNAVAILABLE = { status: 503, code: 'ERR_TOTP_PROVIDER' }

type Shop = Awaited<ReturnType<typeof shop>>

/** Alice has a factor at Twilio, and pays. */
async function shop (t: Test, totp: Partial<FastifyTotpOptions> = {}) {
  const { made, routes } = payments()
  const built = await there(t, { totp, routes })
  const alice = await built.login('alice')
  const sid = await enrolledThere(alice)
  return { ...built, made, alice, sid }
}

t.test('a payment asks Twilio about its code, and approves nothing else', async t => {
  const { login, made, server, store, sid, now } = await shop(t)
  const other = await login('alice')
  t.match(await pay(other), CODE_REQUIRED)
  t.strictSame(server.asked('create'), [])
  t.match(await pay(other, WRONG), DENIED)
  t.equal(await counted(store), 1)
  t.match(await pay(other, RIGHT), { status: 200 })
  t.strictSame(made, [{ method: 'totp', factorSid: sid, at: now(), expiresAt: now() }])
  t.equal(await counted(store), 0)
  t.match(await other.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  const asked = server.asked('create').length + server.asked('update').length
  t.match(await pay(other, RIGHT), DENIED)
  t.match(await other.challenge(RIGHT), DENIED, 'a challenge can\'t use it either')
  t.equal(server.asked('create').length + server.asked('update').length, asked, 'Twilio isn\'t asked about a spent code')
})

t.test('a code that a challenge spent pays for nothing', async t => {
  const { alice, made } = await shop(t)
  t.match(await alice.challenge(RIGHT), { status: 200 })
  t.match(await pay(alice, RIGHT), DENIED)
  t.strictSame(made, [])
})

t.test('of many payments with one code Twilio is asked about one', async t => {
  const { login, made, server } = await shop(t, { attempts: { lockAfter: 10 } })
  const held = hold(server, 'create')
  const people = await Promise.all(Array.from({ length: 8 }, async () => await login('alice')))
  const paying = people.map(async person => await pay(person, RIGHT))
  await arrived(server, 'create', 1)
  held.open()
  const answers = await Promise.all(paying)
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(server.asked('create').length, 1)
  t.equal(made.length, 1)
})

t.test('while Twilio fails no payment is made; a code whose outcome is unknown counts towards the lock', async t => {
  const { alice, made, server, store } = await shop(t)
  server.answer('create', refusal(500, 20500))
  t.match(await pay(alice, RIGHT), UNAVAILABLE)
  t.equal(await counted(store), 1)
  server.answer('create', refusal(403, 20403))
  t.match(await pay(alice, codeOf(5)), UNAVAILABLE)
  t.equal(await counted(store), 1, 'a code that was not judged doesn\'t')
  server.answer('create', refusal(429, 60312))
  t.match(await pay(alice, codeOf(6)), { status: 429, code: 'ERR_TOTP_LOCKED' })
  server.mend()
  t.strictSame(made, [])
})

t.test('a right code whose outcome can\'t be recorded makes no payment', async t => {
  const memory = memoryStore()
  const store = faultyStore(memory)
  const { alice, made, server } = await shop(t, { store })
  let left = 1
  store.break('replace', async (key, expected, next) => {
    if (left-- <= 0) throw new Error('the disk is full')
    return await memory.replace(String(key), typeof expected === 'number' ? expected : null, Object(next))
  })
  t.match(await pay(alice, RIGHT), { status: 503, code: 'ERR_TOTP_STORE' })
  t.equal(server.asked('create').length, 1)
  store.mend()
  t.strictSame(made, [])
  t.match(await pay(alice, RIGHT), DENIED, 'the code is as good as spent')
})

t.test('an attempt that can\'t be counted asks Twilio nothing', async t => {
  const store = faultyStore()
  const { alice, made, server } = await shop(t, { store })
  store.break('replace', async () => { throw new Error('the disk is full') })
  t.match(await pay(alice, RIGHT), { status: 503, code: 'ERR_TOTP_STORE' })
  t.strictSame([made, server.asked('create')], [[], []])
})

t.test('with several factors at Twilio a payment names one', async t => {
  const { alice, made, server, store } = await shop(t)
  const second = await enrolledThere(alice)
  const answer = await pay(alice, RIGHT)
  t.match(answer, { status: 400, code: 'FST_ERR_VALIDATION' })
  t.match(answer.text, 'totp-factor is needed')
  t.strictSame([made, server.asked('create')], [[], []])
  t.equal(await counted(store), 0)
  t.match(await pay(alice, RIGHT, { 'totp-factor': second }), { status: 200 })
  t.match(made, [{ factorSid: second }])
})

const ENDINGS: Readonly<Record<string, (shop: Shop) => Promise<unknown>>> = {
  'a logout': async ({ alice }) => await alice.copy().delete('/totp/approval'),
  revoke: async ({ app }) => await app.totp.revoke('alice')
}

for (const [name, end] of Object.entries(ENDINGS)) {
  t.test(`${name} while Twilio is asked ends the payment, and its code is spent`, async t => {
    const built = await shop(t)
    const { alice, made, server } = built
    const held = hold(server, 'create')
    const paying = pay(alice, RIGHT)
    await arrived(server, 'create', 1)
    await end(built)
    held.open()
    t.match(await paying, CODE_REQUIRED)
    t.strictSame(made, [])
    t.match(await pay(alice, RIGHT), DENIED)
  })
}
