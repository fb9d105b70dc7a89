import t from 'tap'
import { site, START } from '../site.js'
import {
  browserCookiesOf, challengeToRemember, COOKIE, logInAgain, rememberedAlice, REMEMBERED_FOR, rememberingSite,
  tokensOf
} from '../remembering.js'

const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/

t.test('a remembered browser answers no challenge after the next login, and the next one does', async t => {
  const made = await rememberingSite(t)
  const { alice } = await rememberedAlice(made)
  t.match((await alice.vault()).json(), { approval: { method: 'totp' } }, 'an approval goes first')
  await alice.post('/logout')
  await logInAgain(alice, 'alice')
  const { vault, approval } = (await alice.vault()).json()
  t.equal(vault, 'gold')
  const at = START + 30
  t.same(approval, { method: 'remembered', factorSid: null, at, expiresAt: at + REMEMBERED_FOR })
  t.match((await alice.get('/totp/factors')).json(), { approved: false, approval: null })
  t.match(await (await made.login('alice')).vault(), REQUIRED, 'another browser')
})

t.test('the answer to the challenge has one cookie more, and no token in its body', async t => {
  const made = await rememberingSite(t)
  const alice = await made.login('alice')
  const phone = await alice.enrollVerified(made.now())
  made.wait(30)
  const answer = await challengeToRemember(alice, phone, made.now())
  const [token = ''] = tokensOf(alice)
  t.match(token, /^[\w-]{43}$/)
  t.same(browserCookiesOf(answer), [
    `${COOKIE}=${token}; Max-Age=${REMEMBERED_FOR}; Path=/; HttpOnly; Secure; SameSite=Lax`
  ])
  t.ok([answer.headers['set-cookie']].flat().length > 1, 'the session has its own beside it')
  t.notOk(answer.text.includes(token))
  t.match(answer.json(), { status: 'approved', approval: { method: 'totp' } })
})

t.test('without remember, or with a code that is wrong, nothing is remembered', async t => {
  const made = await rememberingSite(t)
  const { now, wait } = made
  const alice = await made.login('alice')
  const phone = await alice.enrollVerified(now())
  for (const code of [phone.wrongCode(now()), phone.code(now())]) {
    const answer = await alice.post('/totp/challenges', { code, remember: true })
    t.match(answer, { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
    t.same(browserCookiesOf(answer), [])
  }
  for (const asked of [{}, { remember: false }]) {
    wait(30)
    const answer = await alice.post('/totp/challenges', { code: phone.code(now()), ...asked })
    t.match(answer, { status: 200 })
    t.same(browserCookiesOf(answer), [])
  }
  t.same((await alice.get('/totp/browsers')).json(), { browsers: [] })
})

t.test('approved, users list their browsers, the latest one first, and see which one asks', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  const phoneBrowser = await made.login('alice')
  await challengeToRemember(phoneBrowser, phone, made.now(), 'Mozilla/5.0 (iPhone) Version/19 Safari/604')
  const { browsers } = (await alice.get('/totp/browsers')).json()
  t.match(browsers, [
    { sid: /^YB[0-9a-f]{32}$/, name: 'Safari on iOS', at: DATE, expiresAt: DATE, current: false },
    { sid: /^YB[0-9a-f]{32}$/, name: 'Firefox on Linux', at: DATE, expiresAt: DATE, current: true }
  ])
  t.same(Object.keys(browsers[0]), ['sid', 'name', 'at', 'expiresAt', 'current'])
  const [at, expiresAt] = [browsers[1].at, browsers[1].expiresAt].map(Date.parse)
  t.equal(Number(expiresAt) - Number(at), REMEMBERED_FOR * 1000)
  t.match((await phoneBrowser.get('/totp/browsers')).json().browsers, [{ current: true }, { current: false }])
})

t.test('one browser is forgotten, or all of them, and the cookie goes with its token', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  const other = await made.login('alice')
  await challengeToRemember(other, phone, made.now())
  const [first, second] = (await alice.get('/totp/browsers')).json().browsers
  t.equal(second.current, true)

  const forgotten = await alice.delete(`/totp/browsers/${first.sid}`)
  t.match(forgotten, { status: 204, text: '' })
  t.same(browserCookiesOf(forgotten), [], 'the cookie of this browser stays')
  await logInAgain(other, 'alice')
  t.match(await other.vault(), REQUIRED)
  t.match(await alice.delete(`/totp/browsers/${first.sid}`), { status: 204 }, 'it is gone already')
  for (const sid of ['', 'junk', 'undefined', `${first.sid}0`, first.sid.toUpperCase()]) {
    t.match(await alice.delete(`/totp/browsers/${sid}`), { status: sid === '' ? /^(?:400|404)$/ : 400 }, sid)
  }

  const all = await alice.delete('/totp/browsers')
  t.match(all, { status: 204, text: '' })
  t.match(browserCookiesOf(all), [/^__Host-totp-browser=; Max-Age=0; /])
  t.equal(alice.cookies.has(COOKIE), false)
  t.same((await alice.get('/totp/browsers')).json(), { browsers: [] })
  t.match(await alice.delete('/totp/browsers'), { status: 204 }, 'there is nothing left')
  await logInAgain(alice, 'alice')
  t.match(await alice.vault(), REQUIRED)
})

t.test('listing and forgetting take an approval, and a remembered browser is none; it may forget itself', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  const other = await made.login('alice')
  await challengeToRemember(other, phone, made.now())
  const [theirs, own] = (await alice.get('/totp/browsers')).json().browsers
  await logInAgain(alice, 'alice')
  t.match(await alice.vault(), { status: 200 })
  t.match(await alice.get('/totp/browsers'), REQUIRED)
  t.match(await alice.delete('/totp/browsers'), REQUIRED)
  t.match(await alice.delete(`/totp/browsers/${theirs.sid}`), REQUIRED)
  t.match(await alice.delete(`/totp/browsers/YB${'0'.repeat(32)}`), REQUIRED)

  const gone = await alice.delete(`/totp/browsers/${own.sid}`)
  t.match(gone, { status: 204 })
  t.match(browserCookiesOf(gone), [/^__Host-totp-browser=; Max-Age=0; /])
  t.match(await alice.vault(), REQUIRED)
  const bob = await made.login('bob')
  const asked = [bob.get('/totp/browsers'), bob.delete('/totp/browsers'), bob.delete(`/totp/browsers/YB${'0'.repeat(32)}`)]
  for (const answer of await Promise.all(asked)) {
    t.match(answer, { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  }
  const stranger = made.visitor()
  t.match(await stranger.get('/totp/browsers'), { status: 401 })
  t.match(await alice.request('DELETE', '/totp/browsers', undefined, { 'sec-fetch-site': 'cross-site' }),
    { status: 403, code: 'ERR_TOTP_CROSS_SITE' })
})

t.test('a browser forgets itself without knowing its sid, and leaves the others', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  const other = await made.login('alice')
  await challengeToRemember(other, phone, made.now())
  await logInAgain(alice, 'alice')
  const gone = await alice.delete('/totp/browsers/current')
  t.match(gone, { status: 204 })
  t.match(browserCookiesOf(gone), [/^__Host-totp-browser=; Max-Age=0; /])
  t.match(await alice.vault(), REQUIRED)
  const again = await alice.delete('/totp/browsers/current')
  t.match(again, { status: 204 })
  t.same(browserCookiesOf(again), [])
  t.match((await other.get('/totp/browsers')).json(), { browsers: [{ current: true }] })
})

t.test('two users of one machine are remembered, each for themselves', async t => {
  const made = await rememberingSite(t)
  const { now, wait } = made
  const { alice: machine } = await rememberedAlice(made)
  const bob = await made.login('bob')
  const bobsPhone = await bob.enrollVerified(now())
  wait(30)
  await logInAgain(machine, 'bob')
  t.match(await machine.vault(), REQUIRED, 'Alice\'s token is worth nothing to Bob')
  t.match(await challengeToRemember(machine, bobsPhone, now()), { status: 200 })
  t.equal(tokensOf(machine).length, 2)
  for (const username of ['alice', 'bob']) {
    await logInAgain(machine, username)
    t.match((await machine.vault()).json(), { approval: { method: 'remembered' } }, username)
  }
  wait(30)
  await machine.challenge(bobsPhone.code(now()))
  const gone = await machine.delete('/totp/browsers')
  t.match(browserCookiesOf(gone), [/^__Host-totp-browser=[\w-]{43}; Max-Age=2592000; /], 'Alice\'s token stays')
  await logInAgain(machine, 'bob')
  t.match(await machine.vault(), REQUIRED)
  await logInAgain(machine, 'alice')
  t.match(await machine.vault(), { status: 200 })
})

t.test('remember is refused as malformed where it is off, of another type, or not meant for it', async t => {
  for (const value of [true, 'true', 1, null]) {
    const made = await (value === true ? site(t) : rememberingSite(t))
    const alice = await made.login('alice')
    const phone = await alice.enrollVerified(made.now())
    made.wait(30)
    const answer = await alice.post('/totp/challenges', { code: phone.code(made.now()), remember: value })
    t.match(answer, { status: 400, code: 'FST_ERR_VALIDATION' })
    t.match(await alice.challenge(phone.code(made.now())), { status: 200 }, 'the code is unspent')
    t.same((await alice.get('/totp/browsers')).json(), { browsers: [] })
  }
})

t.test('an identity that has no room for one more browser loses the oldest one', async t => {
  const made = await rememberingSite(t)
  const { now, wait } = made
  const { alice, phone } = await rememberedAlice(made)
  for (let i = 0; i < 16; i++) {
    t.match(await challengeToRemember(await made.login('alice'), phone, now()), { status: 200 })
    wait(30)
  }
  t.equal((await alice.get('/totp/browsers')).json().browsers.length, 16)
  await logInAgain(alice, 'alice')
  t.match(await alice.vault(), REQUIRED)
})

t.test('what happened is told: remembered, and forgotten', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  await challengeToRemember(await made.login('alice'), phone, made.now())
  await alice.delete('/totp/browsers')
  await made.app.close()
  const told = made.events.filter(({ type }) => type.startsWith('browser.'))
  t.same(told.map(({ type }) => type.split('.')[1]), ['remembered', 'remembered', 'forgotten', 'forgotten'])
  for (const event of told) t.match(event, { identity: 'alice', factorSid: null, method: null, actor: 'user' })
})
