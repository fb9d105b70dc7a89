import t from 'tap'
import { importFactor, instances } from '../instances.js'
import { isEmbedded, site } from '../site.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }

t.test('a code works once: in any session, on any instance, in any spelling, at any later time', async t => {
  const { one, two, now, wait } = await instances(t)
  const alice = await one.login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  const code = phone.code(now())
  t.match(await alice.challenge(code), { status: 200 })
  t.match(await alice.challenge(code), DENIED, 'again in the same session')
  t.match(await (await one.login('alice')).challenge(code), DENIED, 'in another session')
  t.match(await (await two.login('alice')).challenge(code), DENIED, 'on another instance')
  t.match(await alice.challenge(`${code.slice(0, 3)} ${code.slice(3)}`), DENIED, 'in another spelling')
  wait(30)
  await one.app.totp.unlock('alice')
  t.match(await alice.challenge(code), DENIED, 'in the next step, whose window still holds it')
})

t.test('the code that verified a factor is spent', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  t.match(await alice.challenge(phone.code(now())), DENIED)
  t.match(await alice.challenge(phone.code(now() - 30)), DENIED)
  t.match(await alice.challenge(phone.code(now() + 30)), { status: 200 })
})

t.test('accepted steps only rise: a code used early ends those before it', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(90)
  t.match(await alice.challenge(phone.code(now() + 30)), { status: 200 })
  t.match(await alice.challenge(phone.code(now())), DENIED)
  t.match(await alice.challenge(phone.code(now() - 30)), DENIED)
})

const RFC_SEED = '12345678901234567890'
for (const { name, steps, code } of [
  { name: 'two neighbouring steps', steps: [910737, 910738], code: '911617' },
  { name: 'two steps with one between', steps: [153567, 153569], code: '468457' }
]) {
  t.test(`a code that ${name} share works once`, async t => {
    const { one, now, wait } = await instances(t)
    const [first = 0, second = 0] = steps
    wait((first - 20) * 30 - now())
    const phone = await importFactor(one, 'alice', RFC_SEED, now())
    t.strictSame([phone.code(first * 30), phone.code(second * 30)], [code, code])
    wait((first + 1) * 30 - now())
    const alice = await one.login('alice')
    t.match(await alice.challenge(code), { status: 200 })
    for (const later of [0, 30, 30]) {
      wait(later)
      t.match(await alice.challenge(code), DENIED)
    }
  })
}

// Twilio can't be asked about several factors with one code.
if (isEmbedded()) {
  t.test('without factorSid a code is tried with every factor, burnt in all it fits, and names the oldest', async t => {
    const { one, now, wait } = await instances(t)
    const code = '120159'
    const first = await importFactor(one, 'alice', 'the first phone, old', now())
    const second = await importFactor(one, 'alice', '2nd phone 0001210268', now())
    wait(60)
    t.strictSame([first.code(now()), second.code(now())], [code, code], 'a moment at which both show the same')
    const alice = await one.login('alice')
    t.match((await alice.challenge(code)).json(), { approval: { factorSid: first.sid } })
    t.match(await alice.challenge(code, first.sid), DENIED)
    t.match(await alice.challenge(code, second.sid), DENIED)
    wait(30)
    t.match((await alice.challenge(second.code(now()))).json(), { approval: { factorSid: second.sid } })
  })
}

t.test('with factorSid only that factor is tried', async t => {
  const { one, now, wait } = await instances(t)
  const first = await importFactor(one, 'alice', 'the first phone, old', now())
  const second = await importFactor(one, 'alice', '2nd phone 0001210268', now())
  wait(300)
  const alice = await one.login('alice')
  t.match(await alice.challenge(first.code(now()), second.sid), DENIED)
  const named = await alice.challenge(first.code(now()), first.sid)
  t.match(named.json(), { approval: { factorSid: first.sid } })
})

t.test('a secret that the identity has already is refused', async t => {
  const { one, now } = await instances(t)
  await importFactor(one, 'alice', RFC_SEED, now())
  await t.rejects(importFactor(one, 'alice', RFC_SEED, now()), { code: 'FST_ERR_VALIDATION' })
  if (isEmbedded()) {
    await t.rejects(importFactor(one, 'alice', `${RFC_SEED}\0`, now()), { code: 'FST_ERR_VALIDATION' },
      'to the HMAC, which fills keys with zeros, it is the same')
  }
  await t.resolves(importFactor(one, 'bob', RFC_SEED, now()), 'somebody else may have it: that tells nothing')
})

t.test('factors keep what their codes are made of when the options change', async t => {
  const { one, now, wait } = await instances(t)
  const alice = await one.login('alice')
  const old = await alice.enrollVerified(now())
  const config = { alg: 'sha256', codeLength: 8 } as const
  const changed = await site(t, { totp: { store: one.store, clock: now, config } })
  wait(60)
  const later = await changed.login('alice')
  t.match(await later.challenge(old.code(now())), { status: 200 })
  const added = await later.enrollVerified(now())
  t.match(added.uri, 'algorithm=SHA256&digits=8')
  wait(60)
  t.match((await later.challenge(added.code(now()))).json(), { approval: { factorSid: added.sid } })
  t.match((await later.challenge(old.code(now()))).json(), { approval: { factorSid: old.sid } })
  t.match(await later.challenge('1234567'), { status: 400, code: 'FST_ERR_VALIDATION' })
})
