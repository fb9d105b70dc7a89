import fc from 'fast-check'
import t from 'tap'
import { faultyStore } from '../faulty-store.js'
import { instances } from '../instances.js'
import {
  browserCookiesOf, challengeToRemember, COOKIE, logInAgain, rememberedAlice, REMEMBERED_FOR, rememberingSite,
  tokensOf
} from '../remembering.js'
import { site } from '../site.js'
import { untyped } from '../untyped.js'
import type { Visitor } from '../visitor.js'

const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const PASSES = { status: 200 }
const OPTIONS = { remember: { for: REMEMBERED_FOR } }
/** What JavaScript makes of a number that isn't there. */
const MISSING = untyped({ maxAge: undefined })

t.test('a remembered browser passes required() without maxAge, and no route with one', async t => {
  const made = await rememberingSite(t, {
    routes: app => {
      const answer = async () => ({})
      app.get('/longest', { preHandler: app.totp.required({ maxAge: 43_200 }) }, answer)
      app.get('/methods', { preHandler: app.totp.required({ methods: ['totp', 'recovery', 'pass'] }) }, answer)
      app.get('/remembered', { preHandler: app.totp.required({ methods: ['remembered'] }) }, answer)
      app.get('/check', async request => await app.totp.check(await app.totp.caller(request)))
      app.get('/check/recent', async request => {
        return await app.totp.check(await app.totp.caller(request), { maxAge: 60 })
      })
    }
  })
  const { alice } = await rememberedAlice(made)
  t.match(await alice.get('/remembered'), PASSES, 'an approval isn\'t asked for')
  await logInAgain(alice, 'alice')
  for (const path of ['/vault', '/remembered', '/check']) t.match(await alice.get(path), PASSES, path)
  t.match((await alice.get('/check')).json(), { method: 'remembered', factorSid: null })
  for (const path of ['/longest', '/methods', '/check/recent']) t.match(await alice.get(path), REQUIRED, path)
  t.match(await alice.post('/transfer'), REQUIRED)
  t.throws(() => made.app.totp.required({ maxAge: 60, methods: ['totp', 'remembered'] }),
    { code: 'ERR_TOTP_INVALID_OPTION', message: /required\.methods/ })
})

t.test('it changes no factors and no recovery codes', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  await logInAgain(alice, 'alice')
  t.match(await alice.vault(), PASSES)
  const url = `/totp/factors/${phone.sid}`
  t.match(await alice.post('/totp/factors', {}), REQUIRED)
  t.match(await alice.patch(url, { friendlyName: 'Mine' }), REQUIRED)
  t.match(await alice.delete(url), REQUIRED)
  t.match(await alice.post('/totp/recovery-codes'), REQUIRED)
})

t.test('it lasts from its challenge on, is never extended, and a clock that went back voids it', async t => {
  const made = await rememberingSite(t)
  const { wait } = made
  const { alice } = await rememberedAlice(made)
  wait(REMEMBERED_FOR - 30)
  await logInAgain(alice, 'alice')
  t.match(await alice.vault(), PASSES, 'in its last second')
  wait(1)
  t.match(await alice.vault(), REQUIRED)
  wait(-REMEMBERED_FOR - 31)
  t.match(await alice.vault(), PASSES, 'a clock 30 s behind')
  wait(-1)
  t.match(await alice.vault(), REQUIRED, 'a clock further back')
})

t.test('it passes while the identity is locked or disabled', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  const thief = await made.login('alice')
  for (let i = 0; i < 50; i++) {
    await thief.challenge(phone.wrongCode(made.now()))
    if ((i + 1) % 5 === 0) {
      t.match(await thief.vault(), { status: i < 49 ? 429 : 403 })
      await logInAgain(alice, 'alice')
      t.match(await alice.vault(), PASSES)
      if (i < 49) made.wait(3600)
    }
  }
  t.match(await thief.vault(), { code: 'ERR_TOTP_DISABLED' })
})

/** Everything that voids approvals. Each acts for the user or for an operator. */
const VOIDING: Readonly<Record<string, (made: Awaited<ReturnType<typeof prepared>>) => Promise<unknown>>> = {
  revoke: async ({ app }) => await app.totp.revoke('alice'),
  reset: async ({ app }) => await app.totp.reset('alice'),
  'a recovery code': async ({ other, codes }) => await other.post('/totp/recovery', { code: codes[0] }),
  async 'an operator\'s pass' ({ app, other }) {
    const { code } = await app.totp.pass('alice', { by: 'bob' })
    return await other.post('/totp/recovery', { code })
  },
  async 'the removal of one of two factors' ({ app, second }) {
    await app.totp.remove({ identity: 'alice', operator: true }, second.sid)
  }
}

async function prepared (t: Parameters<typeof rememberingSite>[0]) {
  const { one, two, now, wait } = await instances(t, { totp: OPTIONS })
  const alice = await one.login('alice')
  const enrolled = await alice.enroll()
  const verified = await alice.post(`/totp/factors/${enrolled.sid}/verify`, { code: enrolled.code(now()) })
  const codes: string[] = verified.json().recoveryCodes
  wait(30)
  const second = await alice.enrollVerified(now())
  wait(30)
  const { sid } = enrolled
  const code = enrolled.code(now())
  const answer = await alice.post('/totp/challenges', { code, factorSid: sid, remember: true })
  return { app: one.app, two, alice, other: await one.login('alice'), codes, second, answer }
}

for (const [event, act] of Object.entries(VOIDING)) {
  t.test(`${event} voids it with the next request, on every instance`, async t => {
    const made = await prepared(t)
    const { alice, two, answer } = made
    t.match(answer, PASSES)
    const elsewhere = await two.login('alice')
    const [token = ''] = tokensOf(alice)
    elsewhere.cookies.set(COOKIE, token)
    t.match((await elsewhere.vault()).json(), { approval: { method: 'remembered' } })
    await act(made)
    t.match(await elsewhere.vault(), { status: 403 })
    t.match(await elsewhere.vault(), event === 'reset' ? { code: 'ERR_TOTP_NOT_ENROLLED' } : REQUIRED)
  })
}

t.test('a logout that hasn\'t seen the answer ends what that answer remembered, and nothing else', async t => {
  const made = await rememberingSite(t)
  const { app, now, wait, login } = made
  const phone = await (await login('alice')).enrollVerified(now())
  const caller = (mark: string | null, tokens: readonly string[] = []) =>
    ({ identity: 'alice', session: { mark, began: now() }, browser: { tokens, userAgent: 'Firefox/145.0 (X11; Linux)' } })
  const challenge = async (mark: string | null, tokens?: readonly string[]) => {
    wait(30)
    return await app.totp.challenge(caller(mark, tokens), { code: phone.code(now()), remember: true })
  }
  const passes = async (tokens: readonly string[] | null) =>
    await app.totp.check(caller(null, tokens ?? [])).then(() => true, () => false)
  const elsewhere = await challenge(null)
  const first = await challenge(null)
  const second = await challenge(first.mark)
  t.ok(await passes(second.browserTokens))
  await app.totp.withdraw(caller(second.mark))
  t.ok(await passes(first.browserTokens), 'a logout leaves remembered browsers alone')
  t.ok(await passes(second.browserTokens))

  const third = await challenge(null)
  const late = await challenge(third.mark)
  await app.totp.withdraw(caller(third.mark))
  t.ok(await passes(third.browserTokens))
  t.notOk(await passes(late.browserTokens), 'the session ended before it got this one')
  t.ok(await passes(elsewhere.browserTokens), 'another session\'s stays')
})

t.test('servers and scripts without the option leave remembered browsers alone', async t => {
  const made = await rememberingSite(t)
  const { alice } = await rememberedAlice(made)
  const script = await site(t, { totp: { store: made.store, clock: made.now } })
  await script.app.totp.unlock('alice')
  await logInAgain(alice, 'alice')
  t.match(await alice.vault(), PASSES)
})

t.test('a maxAge that is missing from the host\'s configuration lets no remembered browser pass', async t => {
  const made = await rememberingSite(t, {
    routes: app => {
      app.get('/recent', { preHandler: app.totp.required(MISSING) }, async () => ({}))
      app.get('/check', async request => await app.totp.check(await app.totp.caller(request), MISSING))
    }
  })
  const { alice } = await rememberedAlice(made)
  t.match(await alice.get('/recent'), PASSES)
  await logInAgain(alice, 'alice')
  t.match(await alice.vault(), PASSES)
  for (const path of ['/recent', '/check']) t.match(await alice.get(path), REQUIRED, path)
})

t.test('the first factor after a reset, and a move, leave nothing of it', async t => {
  const made = await rememberingSite(t)
  const { app, now } = made
  const { alice } = await rememberedAlice(made)
  const kept = alice.cookies.get(COOKIE) ?? ''
  await app.totp.move('alice', 'alicia')
  t.match(await made.store.get('identity:alicia'), { browsers: { length: 0 } }, 'none is in the document')
  const alicia = await made.login('alicia')
  alicia.cookies.set(COOKIE, kept)
  t.match(await alicia.vault(), REQUIRED)
  t.same(await app.totp.browsers({ identity: 'alicia', operator: true }), [])
  await app.totp.reset('alicia')
  await alicia.enrollVerified(now())
  const again = await made.login('alicia')
  again.cookies.set(COOKIE, kept)
  t.match(await again.vault(), REQUIRED)
})

t.test('a token is of one identity: in the browser of another one it is worth nothing', async t => {
  const made = await rememberingSite(t)
  const { alice } = await rememberedAlice(made)
  const bob = await made.login('bob')
  await bob.enrollVerified(made.now())
  await logInAgain(bob, 'bob')
  bob.cookies.set(COOKIE, alice.cookies.get(COOKIE) ?? '')
  t.match(await bob.vault(), REQUIRED)
})

t.test('for an identity without a verified factor it is worth nothing', async t => {
  const made = await rememberingSite(t)
  const { alice, phone } = await rememberedAlice(made)
  await made.app.totp.remove({ identity: 'alice', operator: true }, phone.sid)
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
})

t.test('a shorter life counts at once, for browsers that are remembered already', async t => {
  const made = await rememberingSite(t)
  const { alice } = await rememberedAlice(made)
  const off = await rememberingSite(t, { totp: { store: made.store, clock: made.now, remember: { for: 1 } } })
  const elsewhere = await off.login('alice')
  elsewhere.cookies.set(COOKIE, alice.cookies.get(COOKIE) ?? '')
  t.match(await elsewhere.vault(), REQUIRED)
})

t.test('no cookie is given out unless the browser is stored, and the approval kept', async t => {
  const store = faultyStore()
  const made = await rememberingSite(t, { totp: { store } })
  const { now, wait } = made
  const alice = await made.login('alice')
  const phone = await alice.enrollVerified(now())
  for (const answer of [async () => { throw new Error('broken') }, async () => 'junk']) {
    wait(30)
    store.break('replace', answer)
    const failed = await challengeToRemember(alice, phone, now())
    t.match(failed, { status: 503, code: 'ERR_TOTP_STORE' })
    t.same(browserCookiesOf(failed), [])
    store.mend()
  }
  wait(30)
  const late = alice.copy()
  t.match(await challengeToRemember(alice, phone, now()), PASSES)
  wait(30)
  const refused = await challengeToRemember(late, phone, now())
  t.match(refused, { status: 401 }, 'its session has another id now')
  t.same(browserCookiesOf(refused), [])
})

t.test('no token gets into a log, an event, the store, an error or the body of an answer', async t => {
  let log = ''
  const made = await rememberingSite(t, { log: line => { log += line } })
  const { alice, phone } = await rememberedAlice(made)
  const answers = [await alice.vault(), await alice.get('/totp/browsers'), await alice.get('/totp/factors')]
  const tokens = tokensOf(alice)
  answers.push(await challengeToRemember(alice, phone, made.now()))
  tokens.push(...tokensOf(alice))
  t.equal(new Set(tokens).size, 2)
  await logInAgain(alice, 'alice')
  answers.push(await alice.vault(), await alice.post('/transfer'), await alice.delete('/totp/browsers'))
  const dump = JSON.stringify(await made.store.get('identity:alice'))
  t.match(dump, /"browsers":\[\{/)
  await made.app.close()
  const texts = [log, dump, JSON.stringify(made.events), ...answers.map(({ text }) => text)]
  t.ok(log.length > 1000, 'there is a log')
  for (const token of tokens) {
    const bytes = Buffer.from(token, 'base64url')
    for (const spelling of [token, bytes.toString('hex'), bytes.toString('base64')]) {
      t.same(texts.filter(text => text.includes(spelling)), [])
    }
  }
})

t.test('whatever cookie a browser invents, it passes with none but its own token', async t => {
  const made = await rememberingSite(t)
  const { alice } = await rememberedAlice(made)
  const [token = ''] = tokensOf(alice)
  const thief: Visitor = await made.login('alice')
  const char = fc.constantFrom(...'ABCxyz019-_')
  const invented = fc.oneof(
    fc.string({ unit: char, minLength: 43, maxLength: 43 }).filter(other => other !== token),
    fc.nat(42).map(at => `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`),
    fc.string({ maxLength: 60 }),
    fc.constantFrom(token.slice(1), `${token}A`, token.toLowerCase(), `${token}.`, `.${token}`, `${token} `.repeat(2))
  )
  await fc.assert(fc.asyncProperty(invented, async cookie => {
    thief.cookies.set(COOKIE, cookie)
    return (await thief.vault()).status === 403
  }), { numRuns: 60 })
  thief.cookies.set(COOKIE, token)
  t.match(await thief.vault(), PASSES, 'the cookie is all that it takes')
})
