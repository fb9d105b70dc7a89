import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'
import { authenticator } from '../authenticator.js'
import { deadlines } from '../deadlines.js'
import { faultyStore } from '../faulty-store.js'
import { site, type Sessions, type SiteOptions } from '../site.js'
import type { Response } from '../visitor.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const NOT_ENROLLED = { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }
const DISABLED = { status: 403, code: 'ERR_TOTP_DISABLED' }
const MALFORMED = { status: 400, code: 'FST_ERR_VALIDATION' }
const PASSES = { status: 200 }

/** Well-formed, and of nobody. */
const UNKNOWN = 'AAAA-BBBB-CCCC-DDDD-EEEE-2222'

/** Alice has a phone and recovery codes, and has logged in again without either. */
async function enrolled (t: Test, options: SiteOptions = {}) {
  const made = await site(t, options)
  const alice = await made.login('alice')
  const phone = await alice.enrollVerified(made.now())
  made.wait(60)
  const back = await made.login('alice')
  const [first = '', second = '', third = ''] = phone.recoveryCodes
  const kept = async () => await made.store.get('identity:alice')
  return { ...made, alice, phone, codes: phone.recoveryCodes, first, second, third, back, kept }
}

/** What an answer shows of itself. */
function visible ({ status, text, headers: { date, 'content-length': length, ...headers } }: Response) {
  return { status, text, headers }
}

t.test('the first verified factor brings ten recovery codes, which are shown once; another brings none', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enroll()
  const verified = await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) })
  const { recoveryCodes }: { recoveryCodes: string[] } = verified.json()
  t.equal(new Set(recoveryCodes).size, 10)
  for (const code of recoveryCodes) t.match(code, /^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}$/)
  t.equal(verified.headers['cache-control'], 'no-store')
  const listed = await alice.get('/totp/factors')
  t.same(listed.json().recovery, { remaining: 10 })
  for (const code of recoveryCodes) t.notMatch(listed.text, code)
  t.equal((await (await login('alice')).get('/totp/factors')).json().recovery, null, 'only an approved session is told')

  wait(60)
  const tablet = await alice.enroll()
  const next = await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.code(now()) })
  t.match(next, PASSES)
  t.notOk('recoveryCodes' in next.json())
  t.same((await alice.get('/totp/factors')).json().recovery, { remaining: 10 })
})

t.test('the option says how many there are', async t => {
  for (const recoveryCodes of [1, 16]) {
    const { codes } = await enrolled(t, { totp: { recoveryCodes } })
    t.equal(codes.length, recoveryCodes)
  }
})

t.test('a recovery code approves the session, once, and says how many are left', async t => {
  const { back, first, second, now, kept } = await enrolled(t)
  const at = new Date(now() * 1000).toISOString()
  t.match(await back.vault(), REQUIRED)
  const before = back.cookieHeader()
  const answer = await back.recover(second)
  const approval = {
    method: 'recovery', factorSid: null, at, expiresAt: new Date((now() + 43_200) * 1000).toISOString()
  }
  t.match(answer, PASSES)
  t.strictSame(answer.json(), { status: 'approved', approval, remaining: 9 })
  t.equal(answer.headers['cache-control'], 'no-store')
  t.not(back.cookieHeader(), before, 'the session has another id or another cookie')
  t.match(await back.vault(), PASSES)
  const passing = { method: 'recovery', factorSid: null, at: now(), expiresAt: now() + 43_200 }
  t.strictSame((await back.vault()).json().approval, passing, 'the guard says by what it let pass')
  t.match((await back.get('/totp/factors')).json(), { approved: true, approval, recovery: { remaining: 9 } })
  t.match(await back.recover(second), DENIED, 'it is spent')
  t.match(await back.vault(), PASSES, 'a wrong one takes no approval away')
  t.match((await back.recover(first)).json(), { remaining: 8 })
  t.equal((await kept())?.recoveryCodes.length, 8)
})

t.test('codes work in any order and spelling, each once over all sessions', async t => {
  const { login, codes } = await enrolled(t)
  const [one, two] = [await login('alice'), await login('alice')]
  const order = [7, 0, 9, 3, 1, 8, 2, 6, 4, 5]
  for (const [spent, place] of order.entries()) {
    const code = codes[place] ?? ''
    const [person, other] = spent % 2 === 0 ? [one, two] : [two, one]
    t.match((await person.recover(` ${code.toLowerCase().replaceAll('-', ' ')}`)).json(), { remaining: 9 - spent })
    for (const again of [person, other]) t.match(await again.recover(code.replaceAll('-', '')), DENIED)
  }
  t.match((await one.recover(codes[0])), DENIED)
  t.match(await two.vault(), PASSES, 'the last one approved this session')
})

t.test('while locked or disabled, a recovery code works, and ends both with their counts', async t => {
  const { login, alice, back, phone, first, second, now, wait, kept } = await enrolled(t, {
    totp: { attempts: { lockAfter: 5, disableAfter: 10 } }
  })
  const stranger = await login('alice')
  const guess = async () => {
    for (let n = 0; n < 5; n++) t.match(await stranger.challenge(phone.wrongCode(now())), DENIED)
  }
  await guess()
  t.match(await back.challenge(phone.code(now())), LOCKED)
  t.match(await back.recover(UNKNOWN), DENIED, 'a wrong one is no more than wrong')
  t.match(await back.recover(first), PASSES)
  t.match((await kept())?.attempts, { failures: 0, tally: 0, lockedAt: null, disabledAt: null })
  t.match(await alice.challenge(phone.code(now())), PASSES, 'codes are judged again')

  wait(60)
  await guess()
  wait(30)
  await guess()
  t.match(await back.challenge(phone.code(now())), DISABLED)
  t.match(await stranger.vault(), DISABLED)
  t.match(await back.recover(second), PASSES)
  t.match((await kept())?.attempts, { failures: 0, tally: 0, lockedAt: null, disabledAt: null })
  for (let n = 0; n < 4; n++) t.match(await stranger.challenge(phone.wrongCode(now())), DENIED)
  t.match(await stranger.challenge(phone.code(now())), PASSES)
})

t.test('a recovery ends every other approval, every enrollment under way, and the pass', async t => {
  const { app, login, alice, back, phone, first, second, now, wait } = await enrolled(t)
  t.match(await alice.challenge(phone.code(now())), PASSES)
  const draft = await alice.enroll()
  const { code: pass } = await app.totp.pass('alice', { by: 'Carol' })
  t.match(await back.recover(first), PASSES)
  t.match(await back.vault(), PASSES, 'it is approved in the new generation')
  t.match(await alice.vault(), REQUIRED)
  wait(30)
  t.match(await alice.post(`/totp/factors/${draft.sid}/verify`, { code: draft.code(now()) }),
    { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
  t.match(await back.recover(pass), DENIED)
  const other = await login('alice')
  t.match(await other.recover(second), PASSES)
  t.match(await back.vault(), REQUIRED, 'and so the one before it')
  t.match(await other.vault(), PASSES)
})

t.test('wrong codes neither count nor lock, and write nothing', async t => {
  const { back, phone, now, kept } = await enrolled(t)
  const before = await kept()
  for (let n = 0; n < 120; n++) t.match(await back.recover(UNKNOWN), DENIED)
  t.same(await kept(), before)
  t.match(await back.challenge(phone.code(now())), PASSES)
})

t.test('whatever is wrong, the answer is the same', async t => {
  const { app, login, alice, back, phone, codes, first, now, wait } = await enrolled(t)
  const answers = [await back.recover(UNKNOWN)]
  await back.recover(first)
  answers.push(await back.recover(first))
  for (const code of codes.slice(1)) await back.recover(code)
  answers.push(await back.recover(codes[9]), await back.recover(UNKNOWN))
  const { code: pass } = await app.totp.pass('alice', { for: 60, by: 'Carol' })
  wait(61)
  answers.push(await back.recover(pass))

  const bob = await login('bob')
  answers.push(await bob.recover(UNKNOWN))
  await bob.enroll()
  answers.push(await bob.recover(UNKNOWN))
  const carol = await login('carol')
  const { recoveryCodes: [hers = ''] } = await carol.enrollVerified(now())
  answers.push(await back.recover(hers))

  const off = await enrolled(t, { totp: { recoveryCodes: 0 } })
  answers.push(await off.back.recover(UNKNOWN))
  for (let n = 0; n < 5; n++) await alice.challenge(phone.wrongCode(now()))
  answers.push(await back.recover(UNKNOWN))
  const [expected] = answers.map(visible)
  t.match(expected, { status: 403 })
  for (const answer of answers) {
    t.match(answer, DENIED)
    t.strictSame({ ...visible(answer), headers: {} }, { ...expected, headers: {} })
    t.strictSame(Object.keys(visible(answer).headers).sort(), Object.keys(expected?.headers ?? {}).sort())
  }
})

t.test('what is no recovery code is malformed, before anything is read', async t => {
  const store = faultyStore()
  const { login, back, visitor } = await enrolled(t, { totp: { store } })
  const { calls } = store
  const malformed = [
    '', '123456', UNKNOWN.slice(1), `${UNKNOWN}A`, UNKNOWN.replace('A', '1'), 'ß'.repeat(12), ' '.repeat(300),
    5, null, [UNKNOWN], { code: UNKNOWN }
  ]
  for (const code of malformed) t.match(await back.recover(code), MALFORMED, JSON.stringify(code))
  for (const body of [{}, { code: UNKNOWN, factorSid: 'x' }, { code: UNKNOWN, remember: true }, [UNKNOWN]]) {
    t.match(await back.post('/totp/recovery', body), MALFORMED, JSON.stringify(body))
    t.match(await back.post('/totp/recovery-codes', { x: 1 }), MALFORMED)
  }
  t.equal(store.calls, calls)
  t.match(await visitor().recover(UNKNOWN), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  t.match(await visitor().post('/totp/recovery-codes'), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  const evil = { origin: 'https://evil.example' }
  for (const url of ['/totp/recovery', '/totp/recovery-codes']) {
    t.match(await (await login('alice')).request('POST', url, {}, evil), { status: 403, code: 'ERR_TOTP_CROSS_SITE' })
  }
})

t.test('new codes take a fresh approval by an app, and replace the old ones', async t => {
  const { app, login, alice, back, phone, first, second, now, wait } = await enrolled(t)
  const ask = async (person = alice) => await person.post('/totp/recovery-codes')
  t.match(await ask(back), REQUIRED, 'not approved')
  const made = await ask()
  t.match(made, { status: 201, headers: { 'cache-control': 'no-store' } })
  t.strictSame(Object.keys(made.json()), ['recoveryCodes'])
  const { recoveryCodes }: { recoveryCodes: string[] } = made.json()
  t.equal(new Set([...recoveryCodes, first]).size, 11)
  t.match(await alice.vault(), PASSES, 'no approval ends')
  t.match(await back.recover(first), DENIED, 'the old ones are gone')
  t.match((await back.recover(recoveryCodes[4])).json(), { remaining: 9 })
  t.match(await ask(back), REQUIRED, 'recovery codes make no recovery codes')
  const { code: pass } = await app.totp.pass('alice', { by: 'Carol' })
  const called = await login('alice')
  t.match(await called.recover(pass), PASSES)
  t.match(await ask(called), REQUIRED, 'nor does a pass')

  t.match(await called.challenge(phone.code(now())), PASSES)
  wait(300)
  t.match(await ask(called), { status: 201 }, 'fresh to the second')
  t.match(await called.challenge(phone.code(now())), PASSES)
  wait(301)
  t.match(await called.vault(), PASSES)
  t.match(await ask(called), REQUIRED, 'no longer fresh')
  t.match(await called.recover(second), DENIED)
  t.match(await ask(await login('bob')), NOT_ENROLLED)
})

t.test('an app, once verified, makes new codes in the same visit', async t => {
  const { back, first, now } = await enrolled(t)
  t.match(await back.recover(first), PASSES)
  const tablet = await back.enrollVerified(now())
  t.same(tablet.recoveryCodes, [], 'only the first factor comes with codes')
  t.match((await back.get('/totp/factors')).json(), { approval: { method: 'totp', factorSid: tablet.sid } })
  t.match(await back.post('/totp/recovery-codes'), { status: 201 })
})

t.test('a user without codes gets the first ones with a fresh approval', async t => {
  const store = memoryStore()
  const before = await enrolled(t, { totp: { store, recoveryCodes: 0 } })
  t.same(before.codes, [], 'they were turned off')
  t.equal((await before.alice.get('/totp/factors')).json().recovery, null)
  t.match(await before.alice.post('/totp/recovery-codes'), { ...MALFORMED, text: /recovery codes are turned off/ })

  const { now, wait } = before
  const { app, login } = await site(t, { totp: { store, clock: now } })
  const alice = await login('alice')
  t.match(await alice.challenge(before.phone.code(now())), PASSES)
  t.same((await alice.get('/totp/factors')).json().recovery, { remaining: 0 })
  const { recoveryCodes } = (await alice.post('/totp/recovery-codes')).json()
  t.match((await (await login('alice')).recover(recoveryCodes[0])).json(), { remaining: 9 })

  const operator = { identity: 'bob', operator: true } as const
  const { factor, secret } = await app.totp.enroll(operator, { friendlyName: 'bob' })
  const phone = authenticator(secret)
  const verified = await app.totp.verify(operator, factor.sid, phone.code(now()))
  t.equal(verified.recoveryCodes, null, 'an operator never sees codes')
  t.same((await store.get('identity:bob'))?.recoveryCodes, [], 'so none are made')
  wait(60)
  const bob = await login('bob')
  t.match(await bob.challenge(phone.code(now())), PASSES)
  t.same((await bob.get('/totp/factors')).json().recovery, { remaining: 0 })
  t.match((await bob.post('/totp/recovery-codes')).json(), { recoveryCodes: { length: 10 } })
})

t.test('codes that are turned off are refused, and a pass is not', async t => {
  const store = memoryStore()
  const on = await enrolled(t, { totp: { store } })
  const off = await site(t, { totp: { store, clock: on.now, recoveryCodes: 0 } })
  const back = await off.login('alice')
  t.match(await back.recover(on.first), DENIED)
  const { code } = await off.app.totp.pass('alice', { by: 'Carol' })
  const answer = await back.recover(code)
  t.match(answer.json(), { status: 'approved', approval: { method: 'pass' }, remaining: 0 })
  t.equal((await back.get('/totp/factors')).json().recovery, null)
  t.match((await on.back.recover(on.first)).json(), { remaining: 9 }, 'they were kept')
})

t.test('the last verified factor takes the codes with it', async t => {
  const { alice, back, phone, first, second, now, wait, kept } = await enrolled(t)
  const tablet = await alice.enrollVerified(now())
  t.match(await alice.delete(`/totp/factors/${phone.sid}`), { status: 204 })
  wait(30)
  t.match(await back.recover(first), PASSES, 'while one is left, they work')
  t.match(await back.delete(`/totp/factors/${tablet.sid}`), { status: 204 })
  t.match(await back.vault(), NOT_ENROLLED)
  const left = await kept()
  t.same([left?.recoveryCodes, left?.approvals], [[], []])
  t.match(await back.recover(second), DENIED)
  const { recoveryCodes } = await back.enrollVerified(now())
  t.equal(recoveryCodes.length, 10)
  t.match(await back.recover(second), DENIED, 'nor do they come back with the next factor')
})

t.test('a lost factor is removed in the visit of the recovery, which stays approved', async t => {
  const { app, login, alice, back, phone, first, now, wait } = await enrolled(t)
  const tablet = await alice.enrollVerified(now())
  wait(30)
  t.match(await back.recover(first), PASSES)
  t.match(await alice.challenge(tablet.code(now()), tablet.sid), PASSES)
  t.match(await back.delete(`/totp/factors/${phone.sid}`), { status: 204 })
  t.match(await back.vault(), PASSES, 'its approval names no factor')
  t.match(await alice.vault(), REQUIRED, 'every other one ends')

  wait(30)
  const { code } = await app.totp.pass('alice', { by: 'Carol' })
  const called = await login('alice')
  t.match(await called.recover(code), PASSES)
  const third = await app.totp.enroll({ identity: 'alice', operator: true }, { friendlyName: 'third' })
  t.match(await called.delete(`/totp/factors/${tablet.sid}`), { status: 204 })
  t.match(await called.vault(), NOT_ENROLLED, 'an unverified factor is none')
  t.match(await called.delete(`/totp/factors/${third.factor.sid}`), { status: 404 })
})

t.test('an approval by a recovery code lasts maxAge, and is fresh for a while', async t => {
  const { back, first, now, wait } = await enrolled(t, { totp: { maxAge: 600, freshness: 100 } })
  t.match(await back.recover(first), PASSES)
  t.match(await back.post('/transfer'), PASSES)
  wait(100)
  const draft = await back.enroll()
  t.match(await back.post('/transfer'), REQUIRED)
  wait(1)
  t.match(await back.post(`/totp/factors/${draft.sid}/verify`, { code: draft.code(now()) }), REQUIRED)
  t.match(await back.post('/totp/factors', {}), REQUIRED)
  wait(499)
  t.match(await back.vault(), PASSES)
  wait(1)
  t.match(await back.vault(), REQUIRED)
})

t.test('a pass works once, for its session, for as long as a change of factors takes', async t => {
  const { app, login, back, now, wait } = await enrolled(t, { totp: { freshness: 100 } })
  const { code, expiresAt, ...rest } = await app.totp.pass('alice', { by: 'Carol' })
  t.same(rest, {})
  t.equal(expiresAt, now() + 600)
  t.match(code, /^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}$/)
  const bob = await login('bob')
  await bob.enrollVerified(now())
  t.match(await bob.recover(code), DENIED, 'it is of one user')
  wait(600)
  const answer = await back.recover(code)
  const at = new Date(now() * 1000).toISOString()
  t.strictSame(answer.json(), {
    status: 'approved',
    approval: { method: 'pass', factorSid: null, at, expiresAt: new Date((now() + 100) * 1000).toISOString() },
    remaining: 10
  })
  t.match(await (await login('alice')).recover(code), DENIED)
  t.match(await back.vault(), PASSES)
  const draft = await back.enroll()
  wait(100)
  t.match(await back.vault(), PASSES)
  wait(1)
  t.match(await back.vault(), REQUIRED, 'it is for one visit')
  t.match(await back.post(`/totp/factors/${draft.sid}/verify`, { code: draft.code(now()) }), REQUIRED)
})

t.test('a new app is enrolled with a pass, and lets in from then on', async t => {
  const { app, back, phone, now, wait } = await enrolled(t)
  const { code } = await app.totp.pass('alice', { for: 1, by: 'Carol' })
  t.match(await back.recover(code), PASSES)
  const tablet = await back.enrollVerified(now())
  t.match(await back.delete(`/totp/factors/${phone.sid}`), { status: 204 })
  wait(30)
  t.match(await back.challenge(tablet.code(now())), PASSES)
  wait(43_200)
  t.match(await back.vault(), PASSES, 'as long as after any code')
})

t.test('a pass is void after another one, a revocation, an approval, and its time', async t => {
  const { app, login, alice, back, phone, first, now, wait } = await enrolled(t)
  const pass = async (by = 'Carol') => (await app.totp.pass('alice', { by })).code
  const replaced = await pass()
  const present = await pass('Dave')
  t.match(await back.recover(replaced), DENIED, 'one is alive')
  t.match(await back.recover(present), PASSES)

  const revoked = await pass()
  await app.totp.revoke('alice')
  t.match(await back.recover(revoked), DENIED)

  const overtaken = await pass()
  t.match(await alice.challenge(phone.code(now())), PASSES)
  t.match(await back.recover(overtaken), DENIED, 'the user has got in')
  const recovered = await pass()
  t.match(await (await login('alice')).recover(first), PASSES)
  t.match(await back.recover(recovered), DENIED)

  const unlocked = await pass()
  await app.totp.unlock('alice')
  wait(600)
  t.match(await back.recover(unlocked), PASSES, 'an operator who unlocks takes nothing away')
  const late = await pass()
  wait(601)
  t.match(await back.recover(late), DENIED)
  const reset = await pass()
  await app.totp.reset('alice')
  t.match(await back.recover(reset), DENIED)
})

t.test('a pass is refused to a user without a verified factor, who simply enrolls', async t => {
  const { app, login } = await site(t)
  const refused = { code: 'ERR_TOTP_NOT_ENROLLED' }
  await t.rejects(app.totp.pass('alice', { by: 'Carol' }), refused)
  await (await login('alice')).enroll()
  await t.rejects(app.totp.pass('alice', { by: 'Carol' }), refused)
})

t.test('options of a pass are checked like those at boot', async t => {
  const { app } = await enrolled(t)
  const pass = async (options: unknown) => await Reflect.apply(app.totp.pass, undefined, ['alice', options])
  const wrong = (option: string) => ({ code: 'ERR_TOTP_INVALID_OPTION', message: new RegExp(`"pass\\.${option}"`) })
  for (const life of [0, 86_401, -1, 1.5, NaN, Infinity, '600', null]) {
    await t.rejects(pass({ for: life, by: 'Carol' }), wrong('for'), String(life))
  }
  for (const by of [undefined, '', 'x'.repeat(257), 'a\0b', 'a\ud800', null, 5, {}]) {
    await t.rejects(pass({ by }), wrong('by'), String(by))
  }
  await t.rejects(pass({ by: 'Carol', minutes: 5 }), wrong('minutes'))
  for (const options of [undefined, null, 'Carol', 600]) {
    await t.rejects(pass(options), { code: 'ERR_TOTP_INVALID_OPTION' }, String(options))
  }
  for (const life of [1, 86_400]) await t.resolves(pass({ for: life, by: 'Carol' }))
  await t.resolves(pass({ by: 'x'.repeat(256) }))
})

t.test('codes and the pass of a user who is renamed go with them, and the pass ends', async t => {
  const { app, login, first } = await enrolled(t)
  const { code } = await app.totp.pass('alice', { by: 'Carol' })
  await app.totp.move('alice', 'anna')
  const [alice, anna] = [await login('alice'), await login('anna')]
  t.match(await alice.recover(first), DENIED)
  t.match(await anna.recover(code), DENIED)
  t.match((await anna.recover(first)).json(), { remaining: 9 })
})

t.test('own routes recover and make codes, and operators get no approval', async t => {
  const { app, first, second, phone, now } = await enrolled(t)
  const caller = { identity: 'alice', session: { mark: null, began: now() } }
  const { mark, ...recovered } = await app.totp.recover(caller, first)
  t.same(recovered, {
    status: 'approved',
    approval: { method: 'recovery', factorSid: null, at: now(), expiresAt: now() + 43_200 },
    remaining: 9
  })
  t.match(mark, /^[\w-]{22}$/)
  const approved = { identity: 'alice', session: { mark, began: now() } }
  t.match(await app.totp.check(approved), { method: 'recovery' })
  t.match(await app.totp.factors(approved), { approval: { method: 'recovery' }, recovery: { remaining: 9 } })
  await t.rejects(app.totp.check(approved, { methods: ['totp'] }), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  await t.rejects(app.totp.newRecoveryCodes(approved), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  const { mark: byApp } = await app.totp.challenge(approved, { code: phone.code(now()) })
  const fresh = { identity: 'alice', session: { mark: byApp, began: now() } }
  const { recoveryCodes } = await app.totp.newRecoveryCodes(fresh)
  t.equal(recoveryCodes.length, 10)

  const operator = { identity: 'alice', operator: true } as const
  const calls = [
    () => Reflect.apply(app.totp.recover, undefined, [operator, second]),
    () => Reflect.apply(app.totp.newRecoveryCodes, undefined, [operator])
  ]
  for (const call of calls) await t.rejects(call, { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await app.totp.factors(operator), { approval: null, recovery: { remaining: 10 } })
  await t.rejects(app.totp.recover(caller, 'x'), { code: 'FST_ERR_VALIDATION' })
})

t.test('a session whose approval was withdrawn under way is not approved, and spends nothing', async t => {
  const { app, back, first, second, now } = await enrolled(t)
  const caller = (mark: string | null) => ({ identity: 'alice', session: { mark, began: now() } })
  const { mark } = await app.totp.recover(caller(null), first)
  await app.totp.withdraw(caller(mark))
  for (const code of [second, first, UNKNOWN]) {
    await t.rejects(app.totp.recover(caller(mark), code), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, 'it tells nothing of the code')
  }
  t.match((await back.recover(second)).json(), { remaining: 8 })
})

interface Overwritten { readonly store: EntityStore, next (replace: EntityStore['replace']): void }

/** A store whose next write is under the control of a test. */
function overwritten (inner: EntityStore): Overwritten {
  let replacing: EntityStore['replace'] | null = null
  return {
    next: replace => { replacing = replace },
    store: {
      get: async key => await inner.get(key),
      async replace (...args) {
        const replace = replacing ?? inner.replace
        replacing = null
        return await replace(...args)
      }
    }
  }
}

t.test('between the write and the answer: no session is approved without the write', async t => {
  const inner = memoryStore<Entity>()
  const { store, next } = overwritten(inner)
  const { hang } = deadlines(t)
  const { back, first, second, third, codes, login } = await enrolled(t, { totp: { store, timeout: 60 } })
  const unavailable = { status: 503, code: 'ERR_TOTP_STORE' }

  next(async () => { throw new Error('disk full') })
  t.match(await back.recover(first), unavailable)
  t.match(await back.vault(), REQUIRED, 'nothing was written, and nothing is approved')
  t.match((await back.recover(first)).json(), { remaining: 9 }, 'nor is it spent')

  const other = await login('alice')
  next(async (...args) => {
    await inner.replace(...args)
    throw new Error('connection reset')
  })
  t.match(await other.recover(second), unavailable)
  t.match(await other.vault(), REQUIRED, 'the code is spent, and no session is approved by it')
  t.match(await other.recover(second), DENIED)

  next(async (...args) => {
    await inner.replace(...args)
    return await hang()
  })
  t.match(await other.recover(third), unavailable)
  t.match(await other.vault(), REQUIRED)
  t.match(await other.recover(third), DENIED)
  t.match((await other.recover(codes[5])).json(), { remaining: 6 }, 'the others still work')
})

t.test('of two requests with one code, the one that loses the race is denied', async t => {
  const inner = memoryStore<Entity>()
  const { store, next } = overwritten(inner)
  const { app, back, login, first, second } = await enrolled(t, { totp: { store } })
  const other = await login('alice')
  next(async () => {
    t.match(await other.recover(first), PASSES)
    return false
  })
  t.match(await back.recover(first), DENIED)
  t.match(await back.vault(), REQUIRED)
  next(async () => {
    t.match(await other.post('/totp/recovery-codes'), REQUIRED)
    await app.totp.reset('alice')
    return false
  })
  t.match(await back.recover(second), DENIED, 'so is one that was removed meanwhile')
})

t.test('a race that is always lost spends no code', async t => {
  const store = faultyStore()
  const { back, first } = await enrolled(t, { totp: { store } })
  store.break('replace', async () => false)
  t.match(await back.recover(first), { status: 503, code: 'ERR_TOTP_CONFLICT' })
  store.mend()
  t.match(await back.vault(), REQUIRED)
  t.match((await back.recover(first)).json(), { remaining: 9 })
})

t.test('when the session can not be kept, the answer is 503 and the code is spent', async t => {
  const kept = new Map<string, string>()
  let isBroken = false
  const sessions: Sessions = {
    get: (id, done) => done(null, JSON.parse(kept.get(id) ?? 'null')),
    set: (id, session, done) => {
      if (isBroken) return done(new Error('no room'))
      kept.set(id, JSON.stringify(session))
      done()
    },
    destroy: (id, done) => { kept.delete(id); done() }
  }
  const { back, login, first, second } = await enrolled(t, { sessions })
  isBroken = true
  t.match(await back.recover(first), { status: 503 })
  isBroken = false
  t.match((await back.vault()).status === 200, false, 'no cookie opens the vault')
  const again = await login('alice')
  t.match(await again.recover(first), DENIED)
  t.match((await again.recover(second)).json(), { remaining: 8 })
})

t.test('while the user is locked or disabled, wrong recovery codes emit nothing', async t => {
  const attempts = { lockAfter: 2, disableAfter: 4 }
  const { app, back, events, phone, now } = await enrolled(t, { totp: { attempts } })
  const told = async () => {
    await turn()
    return events.splice(0).map(({ type }) => type)
  }
  await told()
  for (let n = 0; n < 2; n++) await back.challenge(phone.wrongCode(now()))
  t.strictSame(await told(), ['challenge.denied', 'challenge.denied', 'identity.locked'])
  for (let n = 0; n < 3; n++) t.match(await back.recover(UNKNOWN), DENIED)
  t.strictSame(await told(), [])
  await app.totp.unlock('alice')
  t.match(await back.recover(UNKNOWN), DENIED)
  t.strictSame(await told(), ['identity.unlocked', 'challenge.denied'])
})

t.test('events tell of codes that are made, used and nearly gone, and of passes with who gave them', async t => {
  const { app, back, login, codes, events, phone, now, wait } = await enrolled(t, {
    totp: { recoveryCodes: 5, context: () => 'context' }
  })
  const told = async () => {
    await turn()
    return events.splice(0).map(({ identity, at, ...event }) => event)
  }
  const user = { factorSid: null, method: null, by: null, actor: 'user', context: 'context' }
  const operator = { ...user, actor: 'operator', context: null }
  t.match((await told()).map(({ type }) => type), ['factor.created', 'factor.verified', 'recovery.created'])
  await back.recover(codes[0])
  const used = { ...user, type: 'recovery.used', method: 'recovery' }
  const low = { ...user, type: 'recovery.low' }
  t.strictSame(await told(), [used])
  await back.recover(codes[0])
  const denied = { ...user, type: 'challenge.denied', method: 'recovery' }
  t.strictSame(await told(), [denied])
  const afterwards: unknown[] = []
  for (const code of codes.slice(1)) {
    await back.recover(code)
    afterwards.push(await told())
  }
  t.strictSame(afterwards, [[used, low], [used], [used], [used, low]])
  await (await login('bob')).recover(UNKNOWN)
  t.strictSame(await told(), [denied], 'also where nothing is kept')

  const { code } = await app.totp.pass('alice', { by: 'Carol of support' })
  const issued = { ...operator, type: 'pass.issued', method: 'pass', by: 'Carol of support' }
  t.strictSame(await told(), [issued])
  await back.recover(code)
  t.strictSame(await told(), [{ ...user, type: 'pass.used', method: 'pass', by: 'Carol of support' }])
  wait(30)
  await back.challenge(phone.code(now()))
  t.match(await told(), [{ type: 'challenge.approved', method: 'totp', by: null }])
  await back.post('/totp/recovery-codes')
  t.strictSame(await told(), [{ ...user, type: 'recovery.created' }])
  await back.challenge(phone.wrongCode(now()))
  t.match(await told(), [{ type: 'challenge.denied', method: 'totp', by: null }])
})
