import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { instances } from '../instances.js'
import { site } from '../site.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }
const DISABLED = { status: 403, code: 'ERR_TOTP_DISABLED' }

t.test('wrong codes lock after five in total, over sessions and instances', async t => {
  const { one, two, now } = await instances(t)
  const alice = await one.login('alice')
  const phone = await alice.enrollVerified(now())
  const wrong = phone.wrongCode(now())
  for (const person of [alice, await one.login('alice'), await two.login('alice'), await two.login('alice'), alice]) {
    t.match(await person.challenge(wrong), DENIED)
  }
  t.match(await (await two.login('alice')).challenge(wrong), { ...LOCKED, headers: { 'retry-after': '30' } })
  t.match(one.events.at(-1), { type: 'identity.locked', identity: 'alice', factorSid: null })
})

t.test('a session that is approved already has no guesses of its own', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  for (let i = 0; i < 5; i++) t.match(await alice.challenge(phone.wrongCode(now())), DENIED)
  t.match(await alice.challenge(phone.code(now() + 30)), LOCKED)
  t.match(await alice.vault(), { status: 200 }, 'a lock takes no approval away')
})

t.test('while locked, right and wrong codes get the same answer, and nothing is burnt', async t => {
  const store = memoryStore()
  const { login, now, wait } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  for (let i = 0; i < 5; i++) await alice.challenge(phone.wrongCode(now()))
  const before = await store.get('identity:alice')
  const right = await alice.challenge(phone.code(now()))
  const wrong = await alice.challenge(phone.wrongCode(now()))
  t.match(right, LOCKED)
  t.equal(right.text, wrong.text)
  t.equal(right.headers['retry-after'], wrong.headers['retry-after'])
  t.strictSame(await store.get('identity:alice'), before, 'refusals write nothing')
  wait(29)
  t.match(await alice.challenge(phone.code(now())), { ...LOCKED, headers: { 'retry-after': '1' } })
  wait(1)
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
})

t.test('each further lock is twice as long, up to an hour; fifty wrong codes in a row disable', async t => {
  const { app, login, now, wait, events } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const bob = await login('alice')
  const locks: number[] = []
  for (let guesses = 1; guesses < 50; guesses++) {
    t.match(await bob.challenge(phone.wrongCode(now())), DENIED)
    if (guesses % 5 > 0) continue
    const { status, headers } = await bob.challenge(phone.wrongCode(now()))
    t.equal(status, 429)
    locks.push(Number(headers['retry-after']))
    wait(Number(headers['retry-after']))
  }
  t.strictSame(locks, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
  t.match(await bob.challenge(phone.wrongCode(now())), DENIED)
  wait(365 * 24 * 3600)
  t.match(await bob.challenge(phone.code(now())), DISABLED)
  t.match(await bob.challenge(phone.wrongCode(now())), DISABLED)
  t.match(events.at(-1), { type: 'identity.disabled', identity: 'alice' })

  await app.totp.unlock('alice')
  t.match(await bob.challenge(phone.code(now())), { status: 200 }, 'the factors are still there')
})

t.test('a success clears the row, but not the tally that drains by one in six hours', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const guessFourTimes = async () => {
    for (let i = 0; i < 4; i++) t.match(await alice.challenge(phone.wrongCode(now())), DENIED)
  }
  for (let logins = 0; logins < 24; logins++) {
    await guessFourTimes()
    wait(60)
    t.match(await alice.challenge(phone.code(now())), { status: 200 }, 'the owner logs in between')
  }
  wait(6 * 3600)
  await guessFourTimes()
  wait(60)
  t.match(await alice.challenge(phone.code(now())), { status: 200 }, 'the hundredth guess, but one has drained')
  t.match(await alice.challenge(phone.wrongCode(now())), DENIED)
  wait(60)
  t.match(await alice.challenge(phone.code(now())), DISABLED)
})

t.test('malformed codes are not counted', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  for (let i = 0; i < 4; i++) await alice.challenge(phone.wrongCode(now()))
  for (const code of ['12345', '1234567', 'abcdef', 123456, null, ['123456'], '①②③④⑤⑥']) {
    t.match(await alice.challenge(code), { status: 400, code: 'FST_ERR_VALIDATION' })
  }
  t.match(await alice.challenge(phone.code(now() + 30)), { status: 200 })
})

t.test('whoever is not logged in reaches no counter', async t => {
  const { login, visitor, now } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const stranger = visitor()
  for (let i = 0; i < 10; i++) t.match(await stranger.challenge(phone.wrongCode(now())), { status: 401 })
  t.match(await alice.challenge(phone.code(now() + 30)), { status: 200 })
})

t.test('codes for an unverified factor count on it alone, and do not touch a lock', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const tablet = await alice.enroll('tablet')
  const attacker = await login('alice')
  for (let i = 0; i < 4; i++) await attacker.challenge(phone.wrongCode(now()))
  for (let i = 0; i < 4; i++) {
    t.match(await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.wrongCode(now()) }), DENIED)
  }
  t.match(await attacker.challenge(phone.wrongCode(now())), DENIED, 'the fifth of the identity, not the ninth')
  t.match(await attacker.challenge(phone.wrongCode(now())), LOCKED)
  t.match(await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.code(now()) }), { status: 200 })
  t.match(await attacker.challenge(phone.wrongCode(now()), phone.sid), LOCKED, 'verifying a factor lifts no lock')
  wait(30)
  t.match(await attacker.challenge(phone.wrongCode(now()), phone.sid), DENIED)
})

t.test('a lock that began in the future starts over, once', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(10 * 365 * 24 * 3600)
  for (let i = 0; i < 5; i++) await alice.challenge(phone.wrongCode(now()))
  wait(-10 * 365 * 24 * 3600 + 60)
  t.match(await alice.challenge(phone.code(now())), { ...LOCKED, headers: { 'retry-after': '30' } })
  wait(10)
  t.match(await alice.challenge(phone.code(now())), { ...LOCKED, headers: { 'retry-after': '20' } })
  wait(20)
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
})
