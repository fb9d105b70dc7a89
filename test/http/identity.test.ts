import t from 'tap'
import type { FastifyTotpOptions } from '../../src/index.js'
import { faultyStore } from '../faulty-store.js'
import { site } from '../site.js'
import { untyped } from '../untyped.js'

const NOBODY: ReadonlyArray<[what: string, identified: unknown]> = [
  ['undefined', undefined],
  ['null', null],
  ['an empty string', ''],
  ['a promise of nobody', Promise.resolve(undefined)],
  ['257 bytes', 'a'.repeat(257)],
  ['257 bytes of other letters', 'é'.repeat(128) + 'a'],
  ['64 KiB', 'a'.repeat(65536)],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udfffa'],
  ['a NUL', 'ali\0ce'],
  ['a NUL alone', '\0']
]

const BROKEN: ReadonlyArray<[what: string, identify: () => unknown, type: string]> = [
  ['zero', () => 0, 'number'],
  ['a number', () => 42, 'number'],
  ['NaN', () => NaN, 'number'],
  ['a bigint', () => 42n, 'bigint'],
  ['an object', () => ({}), 'object'],
  ['a String object', () => Object('alice'), 'object'],
  ['an array', () => [], 'object'],
  ['an array of one', () => ['alice'], 'object'],
  ['a symbol', () => Symbol('alice'), 'symbol'],
  ['true', () => true, 'boolean'],
  ['false', () => false, 'boolean'],
  ['a function', () => () => 'alice', 'function'],
  ['a promise of a number', async () => 42, 'number'],
  ['a rejection', async () => { throw new Error(LEAK) }, '//…@db/users'],
  ['a throw', () => { throw new Error(LEAK) }, '//…@db/users'],
  ['a throw of no error', () => { throw LEAK }, 'not an error: string'],
  ['a rejection of nothing', async () => await Promise.reject(undefined), 'not an error: undefined'] // eslint-disable-line prefer-promise-reject-errors
]

/** Errors of hosts and their authenticators for a request without a user. */
const UNAUTHORIZED: ReadonlyArray<[what: string, identify: () => unknown]> = [
  ['statusCode 401', () => { throw Object.assign(new Error(LEAK), { statusCode: 401 }) }],
  ['status 401', () => { throw Object.assign(new Error(LEAK), { status: 401 }) }],
  ['a rejection', async () => { throw Object.assign(new Error(LEAK), { statusCode: 401, code: 'FST_JWT_NO_AUTHORIZATION_IN_HEADER' }) }]
]

/** Errors that only look like it. */
const NOT_UNAUTHORIZED: ReadonlyArray<[what: string, identify: () => unknown]> = [
  ['a text', () => { throw Object.assign(new Error('x'), { statusCode: '401' }) }],
  ['403', () => { throw Object.assign(new Error('x'), { statusCode: 403 }) }],
  ['an inherited status', () => { throw Object.assign(Object.create({ statusCode: 401 }), { message: 'x' }) }],
  ['no error', () => { throw Object({ statusCode: 401 }) }]
]

const LEAK = 'no users at postgres://root:hunter2@db/users'

/** Those whom somebody might mix up. */
const PAIRS: ReadonlyArray<[what: string, one: string, other: string]> = [
  ['case', 'Alice', 'alice'],
  ['a space behind', 'a ', 'a'],
  ['a space in front', ' a', 'a'],
  ['normalization', 'é', 'e\u0301'],
  ['folding', 'ß', 'ss'],
  ['the dotless i', 'ı', 'i'],
  ['a zero-width joiner', 'a\u200db', 'ab'],
  ['full-width letters', 'ａ', 'a'],
  ['a separator', 'a:b', 'a'],
  ['the prefix of a key', 'identity:a', 'a'],
  ['a newline behind', 'a\n', 'a'],
  ['percent-encoding', 'a%20b', 'a b'],
  ['numbers', '1', '01']
]

const ODD = [
  '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a:b', ' ', '\n', 'a/b', '../a', 'a\r\nX: y', '\u202eecila',
  '😀', 'null', 'undefined', '0', 'a'.repeat(256), 'é'.repeat(128), '\'; DROP TABLE totp_entities; --'
]

/** A site that asks `identify` whom a request is from, and where everybody has a session. */
async function identifying (t: Parameters<typeof site>[0], identify: () => unknown) {
  const store = faultyStore()
  let log = ''
  const totp: Partial<FastifyTotpOptions> = { store, identify: () => untyped(identify()) }
  let handled = 0
  const made = await site(t, {
    totp,
    log: line => { log += line },
    routes: app => {
      app.get('/counted', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async () => { handled++ })
    }
  })
  return { ...made, store, log: () => log, handled: () => handled }
}

const REQUESTS = [
  ['GET', '/vault'], ['GET', '/counted'], ['GET', '/totp/factors'], ['POST', '/totp/factors'],
  ['POST', '/totp/challenges'], ['DELETE', '/totp/approval']
] as const

t.test('nobody is answered with 401, and the store is not asked', async t => {
  for (const [what, identified] of NOBODY) {
    const { visitor, store, handled } = await identifying(t, () => identified)
    for (const [method, url] of REQUESTS) {
      const answer = await visitor().request(method, url)
      t.match(answer, { status: 401, code: 'ERR_TOTP_UNIDENTIFIED', headers: { 'cache-control': 'no-store' } },
        `${what}, ${method} ${url}`)
      t.equal(answer.headers['www-authenticate'], undefined)
    }
    t.equal(store.calls, 0, what)
    t.equal(handled(), 0, what)
  }
})

t.test('an identify that breaks its contract is answered with 500 and found in the log', async t => {
  for (const [what, identify, type] of BROKEN) {
    const { visitor, store, log, handled } = await identifying(t, identify)
    for (const [method, url] of REQUESTS) {
      const answer = await visitor().request(method, url)
      t.same(answer.json(), {
        statusCode: 500,
        code: 'ERR_TOTP_IDENTITY',
        error: 'Internal Server Error',
        message: 'The identity of this request could not be established.'
      }, `${what}, ${method} ${url}`)
      t.match(answer, { status: 500, headers: { 'cache-control': 'no-store' } })
    }
    t.equal(store.calls, 0, what)
    t.equal(handled(), 0, what)
    t.ok(log().includes(type), `${what}: the log says ${type}`)
    t.notMatch(log(), /hunter2/, what)
  }
})

t.test('an identify that throws 401, as authenticators do, names nobody', async t => {
  for (const [what, identify] of UNAUTHORIZED) {
    const { visitor, store, handled } = await identifying(t, identify)
    for (const [method, url] of REQUESTS) {
      const answer = await visitor().request(method, url)
      t.match(answer, { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }, `${what}, ${method} ${url}`)
      t.notMatch(answer.text, /users|hunter2/)
    }
    t.equal(store.calls, 0, what)
    t.equal(handled(), 0, what)
  }
  for (const [what, identify] of NOT_UNAUTHORIZED) {
    const { visitor } = await identifying(t, identify)
    t.match(await visitor().get('/counted'), { status: 500, code: 'ERR_TOTP_IDENTITY' }, what)
  }
})

t.test('every other string is an identity, byte for byte', async t => {
  const { login, now } = await site(t)
  for (const identity of ODD) {
    const person = await login(identity)
    t.match(await person.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, JSON.stringify(identity))
    await person.enrollVerified(now())
    t.match(await person.vault(), { status: 200 }, JSON.stringify(identity))
  }
})

t.test('identities that look alike are two', async t => {
  for (const [what, one, other] of PAIRS) {
    const { login, now } = await site(t)
    const first = await login(one)
    const factor = await first.enrollVerified(now())
    const second = await login(other)
    t.match(await second.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, what)
    t.match(await second.challenge(factor.code(now())), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, what)
    t.same((await second.get('/totp/factors')).json().factors, [], what)
    t.match(await first.vault(), { status: 200 }, what)
  }
})
