import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { instances } from '../instances.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const PASSES = { status: 200 }

/** Alice has a phone and recovery codes; two minutes have gone by. */
async function enrolled (t: Test) {
  const made = await instances(t)
  const alice = await made.one.login('alice')
  const phone = await alice.enrollVerified(made.now())
  made.wait(120)
  return { ...made, alice, phone, codes: phone.recoveryCodes }
}

t.test('a recovery code, or a pass, works once: on any instance, in any session and spelling, ever', async t => {
  const { all, one, two, codes: [code = ''], wait } = await enrolled(t)
  const { code: pass } = await two.app.totp.pass('alice', { for: 86_400, by: 'Carol' })
  for (const secret of [pass, code]) {
    t.match(await (await one.login('alice')).recover(secret), PASSES)
    for (const seconds of [0, 60, 86_400 * 400]) {
      wait(seconds)
      for (const instance of all) {
        const again = await instance.login('alice')
        for (const spelling of [secret, secret.toLowerCase(), secret.replaceAll('-', ' ')]) {
          t.match(await again.recover(spelling), DENIED)
        }
      }
    }
  }
})

t.test('sent at once to two instances, it is approved once', async t => {
  const { all, two, codes: [code = ''] } = await enrolled(t)
  const { code: pass } = await two.app.totp.pass('alice', { by: 'Carol' })
  for (const secret of [pass, code]) {
    const people = await Promise.all([...all, ...all, ...all].map(async instance => await instance.login('alice')))
    const answers = await Promise.all(people.map(async person => await person.recover(secret)))
    t.equal(answers.filter(({ status }) => status === 200).length, 1)
    t.equal(answers.filter(({ code }) => code === DENIED.code).length, people.length - 1)
    const vaults = await Promise.all(people.map(async person => await person.vault()))
    t.strictSame(vaults.map(({ status }) => status), answers.map(({ status }) => status))
  }
})

t.test('a recovery ends every other approval, on every instance', async t => {
  const { one, two, alice, phone, codes, now } = await enrolled(t)
  const others = [alice, await one.login('alice'), await two.login('alice')]
  t.match(await others[1]?.challenge(phone.code(now())), PASSES)
  t.match(await others[2]?.challenge(phone.code(now() + 30)), PASSES)
  for (const other of others) t.match(await other.vault(), PASSES)
  const back = await two.login('alice')
  t.match(await back.recover(codes[2]), PASSES)
  for (const other of others) t.match(await other.vault(), REQUIRED)
  t.match(await back.vault(), PASSES)
  const { code } = await one.app.totp.pass('alice', { by: 'Carol' })
  t.match(await alice.recover(code), PASSES)
  t.match(await back.vault(), REQUIRED)
})

t.test('a recovery gives the session a new id and a new mark; the old cookie is worth nothing', async t => {
  const { one, codes } = await enrolled(t)
  const back = await one.login('alice')
  const copy = back.copy()
  t.match(await back.recover(codes[0]), PASSES)
  t.match(await back.vault(), PASSES)
  t.not((await copy.vault()).status, 200)
  t.not((await copy.recover(codes[0])).status, 200)
})

t.test('it is of one identity: nothing of one user works for another', async t => {
  const { one, two, codes: [code], now } = await enrolled(t)
  const bob = await two.login('bob')
  await bob.enrollVerified(now())
  const { code: pass } = await one.app.totp.pass('alice', { by: 'Carol' })
  const other = await two.login('bob')
  for (const secret of [code, pass]) t.match(await other.recover(secret), DENIED)
  const alice = await two.login('alice')
  for (const secret of [pass, code]) t.match(await alice.recover(secret), PASSES, 'it stays of use to its owner')
})

t.test('one write spends the code, raises the generation, ends the lock and approves', async t => {
  const { one, two, phone, codes, now } = await enrolled(t)
  const stranger = await two.login('alice')
  for (let n = 0; n < 5; n++) await stranger.challenge(phone.wrongCode(now()))
  const read = async () => await one.store.get('identity:alice')
  const before = await read()
  t.match(await (await one.login('alice')).recover(codes[0]), PASSES)
  const after = await read()
  if (before === null || after === null) throw new Error('alice is gone')
  t.equal(after.revision, before.revision + 1)
  t.equal(after.generation, before.generation + 1)
  t.equal(after.recoveryCodes.length, 9)
  t.same([before.attempts.failures, after.attempts.failures, after.attempts.tally], [5, 0, 0])
  t.match(after.approvals, [{ method: 'recovery', factorSid: null, generation: after.generation }])
  t.equal(after.approvals.length, 1)
})

t.test('the clock that goes back voids what lies in the future', async t => {
  const { one, codes, wait, now } = await enrolled(t)
  const { code } = await one.app.totp.pass('alice', { by: 'Carol' })
  const back = await one.login('alice')
  wait(-31)
  t.match(await back.recover(code), DENIED)
  t.match(await back.recover(codes[0]), PASSES, 'recovery codes know no time')
  wait(-31)
  t.match(await back.vault(), REQUIRED)
  wait(31)
  t.ok(now() > 0)
  t.match(await back.vault(), PASSES)
})

t.test('the entity keeps no code, and neither do events', async t => {
  const { one, two, codes, phone } = await enrolled(t)
  const { code: pass } = await one.app.totp.pass('alice', { by: 'Carol' })
  await (await one.login('alice')).recover(codes[0])
  await turn()
  const kept = JSON.stringify([await one.store.get('identity:alice'), one.events, two.events])
  for (const secret of [...codes, pass, phone.secret]) {
    for (const text of [secret, secret.replaceAll('-', '')]) t.notOk(kept.includes(text))
  }
})
