import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { verdictOf } from '../src/providers/twilio-answer.js'
import { outcomeOf, failureOf } from '../src/providers/twilio-failure.js'
import { hasOwn, ownOnly, ownValue } from '../src/own-property.js'
import { site, START } from './site.js'
import type { Response } from './visitor.js'

/** A mark and a secret that an attacker knows, and a page of his. */
const MARK = 'A'.repeat(22)
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const EVIL = 'https://evil.example'

/** Properties that something in the package looks for, and values that would serve an attacker. */
const POLLUTIONS: ReadonlyArray<[name: string, ...values: unknown[]]> = [
  ['operator', true],
  ['session', { mark: MARK, began: START }, { mark: null, began: START }],
  ['identity', 'alice'],
  ['began', 0, START - 3000],
  ['mark', MARK, null],
  ['rotate', true, false],
  ['hash', null],
  ['status', 'approved', 'verified', 200, 401],
  ['statusCode', 200, 401],
  ['verdict', 'approved'],
  ['verifiedAt', START],
  ['lastUsedAt', START],
  ['lastStep', 0],
  ['method', 'totp', 'GET', 'HEAD'],
  ['factorSid', 'YF'.padEnd(34, '0'), null],
  ['factor', {}],
  ['maxAge', 1e9, Infinity],
  ['unenrolled', 'allow'],
  ['anonymous', 'allow'],
  ['required', [], {}],
  ['pattern', '.*'],
  ['additionalProperties', true],
  ['secret', SECRET],
  ['account', 'mallory'],
  ['friendlyName', 'mallory'],
  ['config', { alg: 'sha1', codeLength: 6, timeStep: 120, skew: 1 }],
  ['pending', {}, [], null],
  ['refusal', null, undefined],
  ['next', null, { revision: 1 }],
  ['answer', {}, null],
  ['events', [], [{ type: 'identity.reset', factorSid: null }]],
  ['entity', null, {}],
  ['document', null],
  ['sealed', 'x'],
  ['tag', 'x'],
  ['passes', true],
  ['approval', { factorSid: 'YF'.padEnd(34, '0'), at: START, expiresAt: START + 1e6 }],
  ['approved', true],
  ['reenroll', true],
  ['code', '123456', 20404],
  ['body', {}],
  ['query', {}],
  ['origin', 'https://app.example', null],
  ['sec-fetch-site', 'same-origin', 'none'],
  ['host', 'evil.example'],
  [':authority', 'evil.example'],
  ['trustedOrigins', [EVIL]],
  ['identify', 'alice'],
  ['skew', 1],
  ['limits', {}],
  ['unverified', null],
  ['factors', []],
  ['nextMark', MARK],
  ['perRequest', false],
  ['spendsCode', false],
  ['totp-code', '000000'],
  ['totp-factor', 'YF'.padEnd(34, '0')],
  ['authorization', 'Bearer x'],
  ['passage', { method: 'totp', factorSid: null, at: START, expiresAt: START + 1e6 }],
  ['grant', () => ({ answer: { passage: {} } })],
  ['asksFactorFirst', true],
  ['names', { code: 'code', factorSid: 'factorSid' }],
  ['transfer-encoding', 'chunked'],
  ['content-length', '0'],
  ['readableEnded', true]
]

t.test('with a polluted prototype nobody passes, approves or acts who would not otherwise', async t => {
  for (const [name, ...values] of POLLUTIONS) {
    for (const value of values) await staysClosed(t, name, value)
  }
})

/** Does what an attacker with a password alone may try, while every object inherits `name`. */
async function staysClosed (t: Test, name: string, value: unknown): Promise<void> {
  const what = `${name}: ${JSON.stringify(value)}`
  const { app, login, visitor, now, wait, store } = await site(t, {
    totp: { trustedOrigins: ['https://app.example'] },
    routes: app => {
      const takeCode = app.totp.required({ perRequest: true })
      app.post('/payment', { preHandler: takeCode }, async () => ({ payment: 'sent' }))
      app.post('/own/payment', async (request, reply) => await takeCode(request, reply))
      app.get('/own/mark', async request => ({ mark: (await app.totp.caller(request)).session.mark }))
      app.get('/own/factors', async request => await app.totp.factors(await app.totp.caller(request)))
      app.get('/own/vault', async request => ({ own: await app.totp.check(await app.totp.caller(request)) }))
      app.get('/own/transfer', async request => ({ own: await app.totp.check(await app.totp.caller(request), { maxAge: 60 }) }))
      app.post('/own/enroll', async request =>
        await app.totp.enroll(await app.totp.caller(request), { friendlyName: 'own', account: null }))
      app.post<{ Params: { sid: string } }>('/own/verify/:sid', async request =>
        await app.totp.verify(await app.totp.caller(request), request.params.sid, '000000'))
      app.post('/own/challenge', async request => await app.totp.challenge(await app.totp.caller(request), { code: '000000' }))
      app.post('/own/withdraw', async request => await app.totp.withdraw(await app.totp.caller(request)))
      app.post<{ Params: { sid: string } }>('/own/rename/:sid', async request =>
        await app.totp.rename(await app.totp.caller(request), request.params.sid, 'stolen'))
      app.post<{ Params: { sid: string } }>('/own/remove/:sid', async request =>
        await app.totp.remove(await app.totp.caller(request), request.params.sid))
    }
  })
  const alice = await login('alice')
  const { sid } = await alice.enrollVerified(now(), 'phone')
  wait(120)
  const [thief, other, bob, anyone] = [await login('alice'), await login('alice'), await login('bob'), visitor()]

  await polluted(name, value, async () => {
    const attempts: ReadonlyArray<[what: string, request: () => Promise<Response>]> = [
      ['the vault', async () => await thief.vault()],
      ['the vault, for nobody', async () => await anyone.vault()],
      ['the vault, without a factor', async () => await bob.vault()],
      ['the vault, by an own check', async () => await thief.get('/own/vault')],
      ['the same without a factor', async () => await bob.get('/own/vault')],
      ['the transfer, with an old approval', async () => await alice.post('/transfer', {})],
      ['the same by an own check', async () => await alice.get('/own/transfer')],
      ['an enrollment', async () => await thief.post('/totp/factors', { friendlyName: 'mine' })],
      ['an own enrollment', async () => await thief.post('/own/enroll')],
      ['a removal', async () => await thief.delete(`/totp/factors/${sid}`)],
      ['an own removal', async () => await thief.post(`/own/remove/${sid}`)],
      ['a new name', async () => await thief.patch(`/totp/factors/${sid}`, { friendlyName: 'stolen' })],
      ['an own new name', async () => await thief.post(`/own/rename/${sid}`)],
      ['a wrong code', async () => await thief.challenge('000000')],
      ['a payment without a code', async () => await alice.post('/payment', {})],
      ['a payment with a wrong code', async () => await alice.request('POST', '/payment', {}, { 'totp-code': '000000' })],
      ['a payment by an own route', async () => await alice.post('/own/payment', {})],
      ['a wrong code by an own route', async () => await thief.post('/own/challenge')],
      ['a verification', async () => await thief.post(`/totp/factors/${sid}/verify`, { code: '000000' })],
      ['an own verification', async () => await thief.post(`/own/verify/${sid}`)],
      ['a request from another site', async () =>
        await alice.request('DELETE', '/totp/approval', undefined, { origin: EVIL, host: 'acme.example' })],
      ['a body with more in it', async () => await thief.post('/totp/challenges', { code: '000000', extra: 1 })]
    ]
    for (const [tried, request] of attempts) await isRefused(t, `${what}: ${tried}`, request)
    // What may succeed, and must not change anything.
    for (const url of ['/totp/factors', '/own/factors']) await settled(async () => await thief.get(url))
    for (const person of [other, bob]) await settled(async () => await person.post('/own/withdraw'))
    await settled(async () => await other.delete('/totp/approval'))
  })

  const entity = await store.get('identity:alice')
  t.match(entity, { factors: { length: 1, 0: { sid, friendlyName: 'phone' } }, unverified: null }, `${what}: her factor is left`)
  for (const person of [thief, other]) {
    t.match(await person.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, `${what}: nothing is approved after it`)
    t.not((await person.get('/own/mark')).json().mark, MARK, `${what}: no mark that an attacker knows`)
  }

  // Somebody without a factor may enroll: it has to be a secret and a session of his own.
  const enrolled = await polluted(name, value, async () => await settled(async () => await bob.post('/totp/factors', {})))
  if (enrolled?.status === 201) {
    t.not(enrolled.json().binding?.secret, SECRET, `${what}: a new secret`)
    t.match((await store.get('identity:bob'))?.unverified, { config: { timeStep: 30 } }, `${what}: with the config of the site`)
  }
  t.match(await (await login('bob')).get('/totp/factors'), { status: 200, text: /"factors":\[\]/ },
    `${what}: another session of bob doesn't see it`)
  await app.close()
}

t.test('an answer of Twilio that lacks something isn\'t completed by the prototype', async t => {
  const remote = { serviceSid: 'VA1', identity: 'YE1', sid: 'YF1' }
  const answer = { sid: `YC${'0'.repeat(32)}`, serviceSid: 'VA1', identity: 'YE1', factorSid: 'YF1' }
  const { answerOf } = await import('../src/providers/twilio-answer.js')
  await polluted('status', 'approved', async () => {
    t.match(verdictOf(remote, answerOf(answer), null), { verdict: 'unfit' })
  })
  t.match(verdictOf(remote, answerOf({ ...answer, status: 'approved' }), null), { verdict: 'approved' })
})

t.test('a broken connection to Twilio isn\'t taken for an answer that the code was not judged', async t => {
  await polluted('code', 60318, async () => {
    t.match(outcomeOf(failureOf(new Error('socket hang up'))), { verdict: 'unknown' })
  })
  await polluted('code', 'ECONNREFUSED', async () => {
    t.match(outcomeOf(failureOf(new Error('socket hang up'))), { verdict: 'unknown' })
  })
  await polluted('status', 404, async () => {
    t.equal(failureOf(new Error('socket hang up')).status, null)
  })
})

t.test('own properties are those that an object has itself', async t => {
  const object: { own?: number, inherited?: number } = Object.create({ inherited: 1 })
  object.own = 2
  t.ok(hasOwn(object, 'own'))
  t.notOk(hasOwn(object, 'inherited'))
  t.equal(ownValue(object, 'own'), 2)
  t.equal(ownValue(object, 'inherited'), undefined)
  t.same(Object.entries(ownOnly(object)), [['own', 2]])
  t.equal(ownOnly(object).inherited, undefined)
  t.notOk('toString' in ownOnly(object))
})

/**
 * Does `work` while every object inherits a property, as after a careless deep merge of a request's body. The
 * property can't be enumerated: otherwise Fastify refuses most requests before they reach us.
 */
async function polluted<T> (name: string, value: unknown, work: () => Promise<T>): Promise<T> {
  assert.ok(!(name in Object.prototype))
  const inherited = { value, writable: true, enumerable: false, configurable: true }
  Reflect.defineProperty(Object.prototype, name, inherited)
  try {
    return await work()
  } finally {
    Reflect.deleteProperty(Object.prototype, name)
  }
}

/** An answer, or null where the pollution broke the framework before it could give one. */
async function settled (request: () => Promise<Response>): Promise<Response | null> {
  try {
    return await request()
  } catch {
    return null
  }
}

async function isRefused (t: Test, what: string, request: () => Promise<Response>): Promise<void> {
  const answer = await settled(request)
  if (answer === null) return
  t.ok(answer.status >= 400, `${what}: ${answer.status} ${answer.text.slice(0, 100)}`)
}
