import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { newSid } from '../../src/entity/entity.js'
import type { FastifyTotpOptions } from '../../src/index.js'
import { codeIn } from '../code-in-text.js'
import { importFactor } from '../instances.js'
import { pay, payments, withCode } from '../paying.js'
import { isEmbedded, site, type SiteOptions } from '../site.js'
import { untyped } from '../untyped.js'

const CODE_REQUIRED = { status: 403, code: 'ERR_TOTP_CODE_REQUIRED' }
const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const MALFORMED = { status: 400, code: 'FST_ERR_VALIDATION' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }
const SENT = { status: 200 }

/** A site with payments, and more routes. */
async function shop (t: Test, totp: Partial<FastifyTotpOptions> = {}, options: SiteOptions = {}) {
  const { made, routes } = payments()
  const built = await site(t, {
    ...options,
    totp,
    routes: async app => {
      routes(app)
      await options.routes?.(app)
    }
  })
  return { ...built, made }
}

t.test('a payment takes a code of its own, however the session was approved', async t => {
  const { login, now, wait, made } = await shop(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  t.match(await alice.vault(), { status: 200 })
  t.match(await pay(alice), CODE_REQUIRED, 'an approval is not enough')
  wait(60)
  const answer = await pay(alice, phone.code(now()))
  t.match(answer, SENT)
  const passage = { method: 'totp', factorSid: phone.sid, at: now(), expiresAt: now() }
  t.strictSame(answer.json().passage, passage, 'it ends with the request')
  t.match(await pay(alice, phone.code(now())), DENIED, 'a code pays once')
  t.match(await pay(alice), CODE_REQUIRED, 'a payment approves no other')
  t.strictSame(made, [passage])
})

t.test('a payment needs no approval, and gives none', async t => {
  const { login, now, wait, store } = await shop(t)
  const phone = await (await login('alice')).enrollVerified(now())
  wait(60)
  const other = await login('alice')
  const cookies = other.cookieHeader()
  const approvals = async () => (await store.get('identity:alice'))?.approvals
  const before = await approvals()
  const answer = await pay(other, phone.code(now()))
  t.match(answer, SENT)
  t.equal(answer.headers['set-cookie'], undefined)
  t.equal(other.cookieHeader(), cookies)
  t.match(await other.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match((await other.get('/totp/factors')).json(), { approved: false })
  t.strictSame(await approvals(), before)
})

t.test('the first refusal that applies is the answer', async t => {
  const attempts = { lockAfter: 1, disableAfter: 2 }
  const { login, visitor, now, wait, app, made } = await shop(t, { attempts })
  const unidentified = { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }
  t.match(await pay(visitor()), unidentified)
  t.match(await pay(visitor(), 'letters'), unidentified)
  const bob = await login('bob')
  const unenrolled = { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }
  t.match(await pay(bob), unenrolled)
  t.match(await pay(bob, '123456'), unenrolled)
  t.match(await pay(bob, 'letters'), MALFORMED)

  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  t.match(await pay(alice, phone.wrongCode(now())), DENIED)
  t.match(await pay(alice), LOCKED, 'a user who is locked isn\'t asked for a code')
  t.match(await pay(alice, phone.code(now())), LOCKED)
  t.match(await pay(alice, 'letters'), MALFORMED)
  wait(30)
  t.match(await pay(alice, phone.wrongCode(now())), DENIED)
  t.match(await pay(alice), { status: 403, code: 'ERR_TOTP_DISABLED' })
  t.match(await pay(alice, phone.code(now())), { status: 403, code: 'ERR_TOTP_DISABLED' })
  await app.totp.remove({ identity: 'alice', operator: true }, phone.sid)
  t.match(await pay(alice), unenrolled, 'without an app there is nothing to guess')
  t.match(await pay(alice, '123456'), unenrolled)
  t.strictSame(made, [])
})

t.test('malformed headers are refused, spend nothing and count for nothing', async t => {
  const { login, now, wait, made, store } = await shop(t, { attempts: { lockAfter: 1 } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  const code = phone.code(now())
  const before = await store.get('identity:alice')
  const codes = [
    '', 'letters', `${code}a`, `${code},`, `${code}, ${code}`, `, ${code}`, '12345', '123456789', '1234567',
    `"${code}"`, `-${code}`, `1e${code.slice(2)}`, `0x${code}`, `TOTP ${code}`, 'undefined', 'null',
    '\u00ef\u00bc\u0091'.repeat(6)
  ]
  for (const given of codes) {
    const answer = await pay(alice, given)
    t.match(answer, MALFORMED, JSON.stringify(given))
    t.match(answer.text, 'totp-code must have 6')
  }
  const sids = ['', 'alice', `yf${phone.sid.slice(2)}`, `${phone.sid}, ${phone.sid}`, phone.sid.slice(0, -1), `${phone.sid}0`]
  for (const sid of sids) {
    t.match(await pay(alice, code, { 'totp-factor': sid }), MALFORMED, JSON.stringify(sid))
    t.match(await pay(alice, undefined, { 'totp-factor': sid }), MALFORMED, JSON.stringify(sid))
  }
  t.strictSame(await store.get('identity:alice'), before)
  t.strictSame(made, [])
  t.match(await pay(alice, code), SENT)
})

t.test('a code may be written with blanks, or a hyphen in the middle', async t => {
  const { login, now, wait } = await shop(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  for (const spell of [(code: string) => `${code.slice(0, 3)} ${code.slice(3)}`, (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`]) {
    wait(60)
    const code = phone.code(now())
    t.match(await pay(alice, spell(code)), SENT)
    t.match(await pay(alice, code), DENIED, 'in another spelling it is spent as well')
  }
})

t.test('a bearer token gets the challenge of RFC 9470', async t => {
  const { login, now, wait } = await shop(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  for (const authorization of ['Bearer abc', 'bearer abc']) {
    const answer = await pay(alice, undefined, { authorization })
    t.match(answer, { status: 401, code: 'ERR_TOTP_CODE_REQUIRED' })
    t.equal(answer.headers['www-authenticate'], 'Bearer error="insufficient_user_authentication", ' +
      'error_description="Send a code in the header totp-code", max_age="0"')
    t.equal(answer.headers['cache-control'], 'no-store')
  }
  const basic = await pay(alice, undefined, { authorization: 'Basic abc' })
  t.match(basic, CODE_REQUIRED)
  t.equal(basic.headers['www-authenticate'], undefined)
  t.match(await pay(alice, phone.wrongCode(now()), { authorization: 'Bearer abc' }), DENIED)
})

t.test('totp-factor names the factor whose code it has to be', async t => {
  const built = await shop(t)
  const { login, now, wait } = built
  const first = await importFactor(built, 'alice', 'the first phone, old', now())
  const second = await importFactor(built, 'alice', '2nd phone 0001210268', now())
  wait(300)
  const alice = await login('alice')
  t.match(await pay(alice, first.code(now()), { 'totp-factor': second.sid }), DENIED)
  t.match(await pay(alice, first.code(now()), { 'totp-factor': newSid('YF') }), { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
  const answer = await pay(alice, first.code(now()), { 'totp-factor': first.sid })
  t.match(answer, SENT)
  t.equal(answer.json().passage.factorSid, first.sid)
})

t.test('several guards of one request judge its code once', async t => {
  const { login, now, wait, store } = await shop(t, {}, {
    routes: app => {
      const twice = [app.totp.required({ perRequest: true }), app.totp.required({ perRequest: true })]
      app.post('/twice', { preHandler: twice }, async request => ({ passage: request.totp }))
      const both = [app.totp.required(), app.totp.required({ perRequest: true })]
      app.post('/both', { preHandler: both }, async request => ({ passage: request.totp }))
    }
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  const send = async (url: string, code: string) => await alice.request('POST', url, {}, withCode(code))
  const answer = await send('/twice', phone.code(now()))
  t.match(answer, SENT)
  t.match(answer.json().passage, { at: now(), expiresAt: now() })
  t.match(await send('/twice', phone.code(now())), DENIED)
  wait(60)
  t.match(await send('/both', phone.code(now())), SENT)
  t.match((await store.get('identity:alice'))?.attempts, { failures: 0 })
  wait(60)
  await alice.delete('/totp/approval')
  const refused = await send('/both', phone.code(now()))
  t.match(refused, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await pay(alice, phone.code(now())), SENT, 'a guard in front refuses before a code is spent')
})

t.test('GET and HEAD take a code, too', async t => {
  let served = 0
  const { login, now, wait } = await shop(t, {}, {
    routes: app => {
      app.get('/key', { preHandler: app.totp.required({ perRequest: true }) }, async () => ({ served: ++served }))
    }
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  for (const method of ['GET', 'HEAD'] as const) {
    const send = async (code?: string) => await alice.request(method, '/key', undefined, withCode(code))
    wait(60)
    t.match(await send(), { status: 403 })
    t.match(await send(phone.code(now())), SENT)
    t.match(await send(phone.code(now())), { status: 403 })
  }
  t.equal(served, 2)
})

t.test('a handler that fails has spent the code', async t => {
  const { login, now, wait } = await shop(t, {}, {
    routes: app => {
      app.post('/broken', { preHandler: app.totp.required({ perRequest: true }) }, async () => { throw new Error('no money') })
    }
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  t.match(await alice.request('POST', '/broken', {}, withCode(phone.code(now()))), { status: 500 })
  t.match(await pay(alice, phone.code(now())), DENIED)
})

t.test('with anonymous, a request without a user passes and one with a user needs a code', async t => {
  const { login, visitor, now, wait } = await shop(t, {}, {
    routes: app => {
      const preHandler = app.totp.required({ perRequest: true, anonymous: 'allow' })
      app.post('/gift', { preHandler }, async request => ({ passage: request.totp }))
    }
  })
  const gift = await visitor().request('POST', '/gift', {})
  t.match(gift, SENT)
  t.equal(gift.json().passage, null)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  t.match(await alice.request('POST', '/gift', {}), CODE_REQUIRED)
  t.match(await alice.request('POST', '/gift', {}, withCode(phone.code(now()))), SENT)
})

t.test('payments cause the events of challenges, with the context of their request', async t => {
  const { login, now, wait, events } = await shop(t, {
    attempts: { lockAfter: 1 },
    context: request => ({ url: request.url })
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  await turn()
  events.length = 0
  await pay(alice)
  await pay(alice, phone.code(now()))
  await pay(alice, phone.code(now()))
  await pay(alice, phone.code(now() + 30))
  await turn()
  const context = { url: '/payment' }
  const seen = events.filter(({ type }) => type !== 'identity.locked')
  const about = { identity: 'alice', method: 'totp', actor: 'user', context }
  t.match(seen, [
    { type: 'challenge.approved', factorSid: phone.sid, ...about },
    { type: 'challenge.denied', factorSid: isEmbedded() ? null : phone.sid, ...about }
  ])
  t.equal(seen.length, 2)
  t.ok(events.some(({ type }) => type === 'identity.locked'))
})

t.test('requirements that make no sense beside perRequest stop the boot, and say which', async t => {
  const { app } = await shop(t)
  const wrong: ReadonlyArray<readonly [option: string, requirement: unknown]> = [
    ['perRequest', { perRequest: 'yes' }],
    ['perRequest', { perRequest: 1 }],
    ['perRequest', { perRequest: null }],
    ['maxAge', { perRequest: true, maxAge: 60 }],
    ['methods', { perRequest: true, methods: ['totp'] }],
    ['methods', { perRequest: true, methods: ['remembered'] }],
    ['unenrolled', { perRequest: true, unenrolled: 'deny' }],
    ['unenrolled', { perRequest: true, unenrolled: 'allow' }],
    ['unenrolled', { perRequest: true, unenrolled: () => 'allow' }]
  ]
  for (const [option, requirement] of wrong) {
    const message = new RegExp(`"required\\.${option}"`)
    t.throws(() => app.totp.required(untyped(requirement)), { code: 'ERR_TOTP_INVALID_OPTION', message })
  }
  t.doesNotThrow(() => app.totp.required(untyped({ perRequest: false, maxAge: 60, methods: ['totp'], unenrolled: 'allow' })))
  const absent = { perRequest: true, maxAge: undefined, methods: undefined }
  t.doesNotThrow(() => app.totp.required(untyped(absent)))
  const caller = { identity: 'alice', session: { mark: null, began: 0 } }
  await t.rejects(app.totp.check(caller, untyped({ perRequest: true })), { code: 'ERR_TOTP_INVALID_OPTION' })
})

t.test('a guard with perRequest: false asks for an approval, and for no code', async t => {
  const { login, now, wait } = await shop(t, {}, {
    routes: app => { app.get('/plain', { preHandler: app.totp.required({ perRequest: false }) }, async () => ({})) }
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  t.match(await alice.get('/plain'), SENT)
  wait(60)
  const other = await login('alice')
  const answer = await other.request('GET', '/plain', undefined, withCode(phone.code(now())))
  t.match(answer, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await pay(other, phone.code(now())), SENT, 'and spends none')
})

t.test('no code gets into a log, an event or an answer', async t => {
  const lines: string[] = []
  const { login, now, wait, events } = await shop(t, {}, { log: line => { lines.push(line) } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  const [right, wrong] = [phone.code(now()), phone.wrongCode(now())]
  const answers = [
    await pay(alice, wrong), await pay(alice, right), await pay(alice, right), await pay(alice, `${right}x`),
    await pay(alice, `${right}00`), await pay(alice, right, { 'totp-factor': 'x' }), await pay(alice)
  ]
  await turn()
  const told = [...lines, ...answers.map(({ text, headers }) => text + JSON.stringify(headers)), JSON.stringify(events)].join('\n')
  for (const code of [right, wrong]) t.notMatch(told, codeIn(code))
})
