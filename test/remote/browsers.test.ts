import t from 'tap'
import { browserCookiesOf, logInAgain, tokensOf } from '../remembering.js'
import { arrived, codeOf, enrolledThere, hold, kept, RIGHT, there, WRONG } from './there.js'

const OPTIONS = { totp: { remember: { for: 3600 } } }
const REMEMBER = { remember: true }

t.test('Twilio judges the code, and a right one remembers the browser from then on', async t => {
  const { login, now, store } = await there(t, OPTIONS)
  const alice = await login('alice')
  await enrolledThere(alice)
  const denied = await alice.post('/totp/challenges', { code: WRONG, ...REMEMBER })
  t.match(denied, { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.same(browserCookiesOf(denied), [])
  t.match(await alice.post('/totp/challenges', { code: RIGHT, ...REMEMBER }), { status: 200 })
  t.equal(tokensOf(alice).length, 1)
  t.match(await kept(store), { browsers: [{ at: now() }] })
  await logInAgain(alice, 'alice')
  t.match((await alice.vault()).json(), { approval: { method: 'remembered', factorSid: null } })
})

t.test('nothing is remembered if approvals were revoked while Twilio was asked', async t => {
  const { app, login, server, store } = await there(t, OPTIONS)
  await enrolledThere(await login('alice'))
  const alice = await login('alice')
  const held = hold(server, 'create')
  const challenge = alice.post('/totp/challenges', { code: RIGHT, ...REMEMBER })
  await arrived(server, 'create', 1)
  await app.totp.revoke('alice')
  held.open()
  const answer = await challenge
  t.match(answer, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.same(browserCookiesOf(answer), [])
  t.same((await kept(store)).browsers, [])
})

t.test('where it is off, Twilio isn\'t asked', async t => {
  const { login, server, store } = await there(t)
  const alice = await login('alice')
  await enrolledThere(alice)
  const before = await kept(store)
  server.right.add(codeOf(7))
  t.match(await alice.post('/totp/challenges', { code: codeOf(7), ...REMEMBER }), { status: 400 })
  t.same(await kept(store), before)
  t.match(await alice.challenge(codeOf(7)), { status: 200 })
})
