import t, { type Test } from 'tap'
import { memoryStore, type FastifyTotpOptions } from '../../src/index.js'
import { faultyStore } from '../faulty-store.js'
import { gate } from '../gate.js'
import { instances } from '../instances.js'
import { pay, payments, withCode } from '../paying.js'
import { site, type SiteOptions } from '../site.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const CODE_REQUIRED = { status: 403, code: 'ERR_TOTP_CODE_REQUIRED' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }
const DISABLED = { status: 403, code: 'ERR_TOTP_DISABLED' }
const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const UNAVAILABLE = { status: 503, code: 'ERR_TOTP_STORE' }

/** Alice has a factor, whose next codes are unspent, and pays on two instances. */
async function shops (t: Test, totp: Partial<FastifyTotpOptions> = {}, options: SiteOptions = {}) {
  const { made, routes } = payments()
  const both = await instances(t, { ...options, totp, routes })
  const alice = await both.one.login('alice')
  const phone = await alice.enrollVerified(both.now())
  both.wait(60)
  return { ...both, made, alice, phone }
}

t.test('of fifty payments at once with one code, over several sessions and two instances, one is made', async t => {
  const { one, two, made, phone, now } = await shops(t, { timeout: 60 })
  const people = await Promise.all(Array.from({ length: 50 }, async (_, i) =>
    i % 5 === 0 ? await two.login('alice') : await one.login('alice')))
  const code = phone.code(now())
  const answers = await Promise.all(people.map(async person => await pay(person, code)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(made.length, 1)
  const refused = answers.filter(({ status }) => status !== 200)
  t.ok(refused.every(({ code }) => [DENIED.code, LOCKED.code].includes(String(code))), 'the others are wrong, and lock')
})

t.test('of payments and challenges at once with one code, one has it', async t => {
  const { one, two, made, phone, now } = await shops(t, { timeout: 60, attempts: { lockAfter: 10 } })
  const people = await Promise.all(Array.from({ length: 8 }, async (_, i) =>
    await (i % 2 === 0 ? one : two).login('alice')))
  const code = phone.code(now())
  const answers = await Promise.all(people.map(async (person, i) =>
    i % 3 === 0 ? await pay(person, code) : await person.challenge(code)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(made.length, answers.filter(({ status }, i) => status === 200 && i % 3 === 0).length)
})

t.test('a code is spent wherever it was used first: at a payment, a challenge, or the enrollment', async t => {
  const { alice, one, two, made, phone, now, wait } = await shops(t)
  const other = await two.login('alice')
  t.match(await pay(alice, phone.code(now())), { status: 200 })
  t.match(await alice.challenge(phone.code(now())), DENIED)
  t.match(await pay(other, phone.code(now())), DENIED)
  t.match(await pay(alice, phone.code(now() - 30)), DENIED, 'nor one before it')
  wait(60)
  t.match(await other.challenge(phone.code(now())), { status: 200 })
  t.match(await pay(alice, phone.code(now())), DENIED)
  const bob = await one.login('bob')
  const first = await bob.enrollVerified(now())
  t.match(await pay(bob, first.code(now())), DENIED)
  t.equal(made.length, 1)
})

t.test('a payment takes a code of the window, and of no other time', async t => {
  const { alice, phone, now, wait } = await shops(t)
  wait(300)
  t.match(await pay(alice, phone.code(now() - 60)), DENIED)
  t.match(await pay(alice, phone.code(now() + 60)), DENIED)
  t.match(await pay(alice, phone.code(now() - 30)), { status: 200 })
  t.match(await pay(alice, phone.code(now())), { status: 200 })
  t.match(await pay(alice, phone.code(now() + 30)), { status: 200 })
})

t.test('payments and challenges have one budget of wrong codes', async t => {
  const attempts = { lockAfter: 5, disableAfter: 10 }
  const { alice, two, made, phone, now, wait } = await shops(t, { attempts })
  const other = await two.login('alice')
  const wrong = phone.wrongCode(now())
  for (let i = 0; i < 2; i++) t.match(await pay(alice, wrong), DENIED)
  for (let i = 0; i < 2; i++) t.match(await other.challenge(wrong), DENIED)
  t.match(await pay(other, wrong), DENIED)
  t.match(await pay(alice, phone.code(now())), LOCKED)
  t.match(await alice.challenge(phone.code(now())), LOCKED)
  wait(29)
  t.match(await pay(alice, phone.code(now())), { ...LOCKED, headers: { 'retry-after': '1' } })
  t.match(await alice.vault(), { status: 200 }, 'an approval still counts')
  wait(1)
  const code = phone.code(now())
  t.match(await pay(alice, code), { status: 200 }, 'a right code ends the row')
  for (let i = 0; i < 5; i++) t.match(await pay(alice, phone.wrongCode(now())), DENIED)
  wait(30)
  for (let i = 0; i < 5; i++) t.match(await other.challenge(phone.wrongCode(now())), DENIED)
  wait(3600)
  t.match(await pay(alice, phone.code(now())), DISABLED)
  t.match(await pay(alice, phone.wrongCode(now())), DISABLED)
  await two.app.totp.unlock('alice')
  t.match(await pay(alice, phone.code(now())), { status: 200 }, 'nothing was spent meanwhile')
  t.equal(made.length, 2)
})

t.test('the code is spent before the handler runs', async t => {
  let challenge = async () => {}
  const { one, two, now, wait } = await instances(t, {
    routes: app => {
      app.post('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async () => await challenge())
    }
  })
  const alice = await one.login('alice')
  const phone = await alice.enrollVerified(now())
  const other = await two.login('alice')
  wait(60)
  challenge = async () => { t.match(await other.challenge(phone.code(now())), DENIED) }
  t.match(await pay(alice, phone.code(now())), { status: 200 })
  t.match(await other.vault(), REQUIRED)
})

t.test('while the store fails no payment is made, and a code that was recorded stays spent', async t => {
  const memory = memoryStore()
  const store = faultyStore(memory)
  const { alice, made, phone, now, wait } = await shops(t, { store })
  store.break('get', async () => { throw new Error('the database is gone') })
  t.match(await pay(alice, phone.code(now())), UNAVAILABLE)
  t.match(await pay(alice), UNAVAILABLE)
  store.mend()
  store.break('replace', async () => { throw new Error('the disk is full') })
  t.match(await pay(alice, phone.code(now())), UNAVAILABLE)
  store.mend()
  t.strictSame(made, [])
  wait(60)
  let lost = 0
  store.break('replace', async (key, expected, next) => {
    const won = await memory.replace(String(key), typeof expected === 'number' ? expected : null, Object(next))
    lost++
    throw new Error(`the connection was reset after ${String(won)}`)
  })
  t.match(await pay(alice, phone.code(now())), UNAVAILABLE)
  t.ok(lost > 0)
  store.mend()
  t.strictSame(made, [])
  t.match(await pay(alice, phone.code(now())), DENIED)
  wait(30)
  t.match(await pay(alice, phone.code(now())), { status: 200 })
  t.equal(made.length, 1)
})

t.test('of a store, only a literal true counts as won', async t => {
  const store = faultyStore()
  const { alice, made, phone, now } = await shops(t, { store, timeout: 1 })
  for (const junk of [undefined, 1, 'true', {}]) {
    store.break('replace', async () => junk)
    t.match(await pay(alice, phone.code(now())), { status: 503 })
  }
  store.mend()
  t.strictSame(made, [])
  t.match(await pay(alice, phone.code(now())), { status: 200 })
})

t.test('a payment takes no recovery code and no pass', async t => {
  const { made, routes } = payments()
  const { app, login, now, wait } = await site(t, { routes })
  const alice = await login('alice')
  const { recoveryCodes: [recovery = ''], ...phone } = await alice.enrollVerified(now())
  wait(60)
  const { code: pass } = await app.totp.pass('alice', { by: 'Carol' })
  for (const code of [recovery, pass]) t.match(await pay(alice, code), { status: 400, code: 'FST_ERR_VALIDATION' })
  t.match(await pay(alice), CODE_REQUIRED)
  t.match(await pay(alice, phone.code(now())), { status: 200 })
  t.match(await alice.recover(pass), { status: 200 }, 'a payment is no approval, so the pass still works')
  t.equal(made.length, 1)
})

t.test('a remembered browser makes no payment without a code', async t => {
  const { made, routes } = payments()
  const { login, now, wait } = await site(t, { totp: { remember: { for: 3600 } }, routes })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  t.match(await alice.post('/totp/challenges', { code: phone.code(now()), remember: true }), { status: 200 })
  await alice.post('/login', { username: 'alice' })
  t.match(await alice.vault(), { status: 200 }, 'the browser is remembered')
  t.match(await pay(alice), CODE_REQUIRED)
  wait(60)
  t.match(await pay(alice, phone.code(now())), { status: 200 })
  t.equal(made.length, 1)
})

t.test('a payment writes no approval and no mark, remembers no browser, and is fresh for nothing', async t => {
  const { one, made, phone, now, wait } = await shops(t, { freshness: 60 })
  wait(61)
  const other = await one.login('alice')
  const apart = async () => {
    const { revision, factors, attempts, ...rest } = { ...await one.store.get('identity:alice') }
    return rest
  }
  const before = await apart()
  t.match(await pay(other, phone.code(now())), { status: 200 })
  t.strictSame(await apart(), before, 'of the entity, only the factor and the count of wrong codes have changed')
  t.match(await other.vault(), REQUIRED)
  t.match(await other.post('/totp/factors', {}), REQUIRED)
  t.match(await other.post('/totp/recovery-codes'), REQUIRED)
  t.equal(made.length, 1)
})

t.test('a payment of a session that logged out meanwhile is refused, and spends nothing', async t => {
  const [arrived, held] = [gate(), gate()]
  const { one, alice, made, phone, now } = await shops(t, {}, {
    beforePackage: async headers => {
      if (headers['x-slow'] === undefined) return
      arrived.open()
      await held.passed
    }
  })
  const code = phone.code(now())
  const paying = pay(alice, code, { 'x-slow': 'yes' })
  await arrived.passed
  t.match(await alice.copy().delete('/totp/approval'), { status: 204 })
  held.open()
  t.match(await paying, CODE_REQUIRED)
  t.strictSame(made, [])
  t.match(await pay(await one.login('alice'), code), { status: 200 })
})

t.test('the code of one user is no code of another', async t => {
  const { one, made, phone, now } = await shops(t)
  const bob = await one.login('bob')
  await bob.enrollVerified(now())
  t.match(await bob.request('POST', '/payment', {}, withCode(phone.code(now()))), DENIED)
  t.strictSame(made, [])
})
