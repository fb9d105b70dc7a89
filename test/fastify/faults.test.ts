import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { memoryStore, type Entity } from '../../src/index.js'
import { deadlines } from '../deadlines.js'
import { faultyStore } from '../faulty-store.js'
import { isEmbedded, KEY, site, type SiteOptions } from '../site.js'
import { untyped } from '../untyped.js'
import type { Response } from '../visitor.js'

const LEAK = 'connect ECONNREFUSED postgres://totp:hunter2@10.0.0.7/totp'

/** What a store does when it is broken. */
const FAILURES: ReadonlyArray<[what: string, answer: () => unknown]> = [
  ['throws', () => { throw new Error(LEAK) }],
  ['throws no error', () => { throw LEAK }],
  ['rejects', async () => { throw Object.assign(new Error(LEAK), { code: '57P01', statusCode: 200 }) }],
  ['rejects with null', async () => await Promise.reject(null)], // eslint-disable-line prefer-promise-reject-errors
  ['rejects with text', async () => await Promise.reject('hunter2')], // eslint-disable-line prefer-promise-reject-errors
  ['rejects with nothing', async () => await Promise.reject(undefined)] // eslint-disable-line prefer-promise-reject-errors
]

/** What no `get` may resolve. */
const NO_DOCUMENTS: ReadonlyArray<[what: string, answer: unknown]> = [
  ['undefined', undefined],
  ['a number', 1],
  ['true', true],
  ['false', false],
  ['text', 'true'],
  ['the document as text', '{"format":1}'],
  ['an object', {}],
  ['a list', []],
  ['rows', { rows: [], rowCount: 0 }]
]

/** What no `replace` may resolve, however true it looks. */
const NO_VERDICTS: ReadonlyArray<[what: string, answer: unknown]> = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 1],
  ['zero', 0],
  ['text', 'true'],
  ['empty text', ''],
  ['an object', {}],
  ['a list', []],
  ['a Boolean object', Object(true)],
  ['a row count', { rowCount: 0 }],
  ['affected rows', { affectedRows: 1 }]
]

/** A site with alice approved, a handler that counts, and an unverified factor. */
async function running (t: Test, options: SiteOptions = {}) {
  const store = faultyStore()
  let handled = 0
  const made = await site(t, {
    ...options,
    totp: { ...options.totp, store },
    routes: app => {
      app.get('/counted', { preHandler: app.totp.required() }, async () => { handled++ })
      app.get('/lenient', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async () => { handled++ })
    }
  })
  const alice = await made.login('alice')
  const factor = await alice.enrollVerified(made.now())
  made.wait(30)
  const spare = await made.login('alice')
  return { ...made, store, alice, spare, factor, handled: () => handled }
}

function unavailable (t: Test, answer: Response, what: string): void {
  t.same(answer.json(), {
    statusCode: 503,
    code: 'ERR_TOTP_STORE',
    error: 'Service Unavailable',
    message: 'The second factor is unavailable at the moment: try again later.'
  }, what)
  t.equal(answer.status, 503, what)
  t.equal(answer.headers['cache-control'], 'no-store', what)
}

t.test('while the store can not be read, nobody passes and nothing is answered', async t => {
  const { store, alice, spare, factor, handled, now } = await running(t)
  const path = `/totp/factors/${factor.sid}`
  const junk = NO_DOCUMENTS.map(([what, answer]) => [`resolves ${what}`, async () => answer] as const)
  for (const [what, answer] of [...FAILURES, ...junk]) {
    store.break('get', answer)
    for (const [url, person] of [['/counted', alice], ['/lenient', alice], ['/lenient', spare]] as const) {
      unavailable(t, await person.get(url), `a get that ${what}, ${url}`)
    }
    unavailable(t, await alice.get('/totp/factors'), what)
    unavailable(t, await alice.post('/totp/factors', {}), what)
    unavailable(t, await alice.challenge(factor.code(now())), what)
    unavailable(t, await alice.post(`${path}/verify`, { code: factor.code(now()) }), what)
    unavailable(t, await alice.patch(path, { friendlyName: 'x' }), what)
    unavailable(t, await alice.delete(path), what)
    unavailable(t, await alice.delete('/totp/approval'), what)
    t.equal(handled(), 0, `a get that ${what}`)
    store.mend()
  }
  t.match(await alice.get('/counted'), { status: 200 }, 'mended, it goes on')
  t.match(await spare.challenge(factor.code(now())), { status: 200 }, 'nothing was burnt, and nothing counted')
  t.equal(handled(), 1)
})

t.test('while the store can not be written, nothing is approved, enrolled, renamed or removed', async t => {
  const { store, alice, spare, factor, now } = await running(t)
  const own = await alice.enroll('second phone')
  const path = `/totp/factors/${factor.sid}`
  const junk = NO_VERDICTS.map(([what, answer]) => [`resolves ${what}`, async () => answer] as const)
  for (const [what, answer] of [...FAILURES, ...junk]) {
    store.break('replace', answer)
    unavailable(t, await spare.challenge(factor.code(now())), `a replace that ${what}`)
    unavailable(t, await spare.challenge(factor.wrongCode(now())), `a replace that ${what}, wrong code`)
    unavailable(t, await alice.post('/totp/factors', {}), what)
    unavailable(t, await alice.post(`/totp/factors/${own.sid}/verify`, { code: own.code(now()) }), what)
    unavailable(t, await alice.patch(path, { friendlyName: 'x' }), what)
    unavailable(t, await alice.delete(path), what)
    unavailable(t, await alice.delete('/totp/approval'), what)
    store.mend()
    t.match(await spare.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, what)
  }
  t.match((await alice.get('/totp/factors')).json().factors, [
    { friendlyName: isEmbedded() ? 'alice' : 'Acme', status: 'verified' }, { friendlyName: 'second phone', status: 'unverified' }
  ])
  t.match(await alice.vault(), { status: 200 })
  t.match(await spare.challenge(factor.code(now())), { status: 200 }, 'mended, the code still works')
})

t.test('a write whose answer is lost approves nobody, and its code stays spent', async t => {
  const { store, spare, factor, now, wait } = await running(t)
  const working = memoryStore<Entity>()
  const before = await store.get('identity:alice')
  await working.replace('identity:alice', null, before)
  store.break('get', async () => await working.get('identity:alice'))
  store.break('replace', async (...args) => {
    await untyped(working.replace)(...args)
    throw new Error('connection reset after commit')
  })
  unavailable(t, await spare.challenge(factor.code(now())), 'the answer is lost')
  store.break('replace', async (...args) => await untyped(working.replace)(...args))
  t.match(await spare.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await spare.challenge(factor.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  wait(30)
  t.match(await spare.challenge(factor.code(now())), { status: 200 })
})

t.test('a session, or a log-in, that never answers is not waited for', async t => {
  const { hang } = deadlines(t)
  for (const session of [{ read: hang, write: () => {} }, { read: () => null, write: hang }]) {
    const { login } = await site(t, { totp: { timeout: 60, session } })
    const alice = await login('alice')
    unavailable(t, await alice.post('/totp/factors', {}), 'a session that hangs')
  }
  const { visitor } = await site(t, { totp: { timeout: 60, identify: hang } })
  t.match(await visitor().vault(), { status: 500, code: 'ERR_TOTP_IDENTITY' })
})

t.test('a store that never answers is not waited for', async t => {
  const { store, alice, spare, factor, handled, now } = await running(t, { totp: { timeout: 60 } })
  const own = await alice.enroll()
  const { hang } = deadlines(t)
  store.break('get', hang)
  for (const read of [
    () => alice.get('/counted'), () => spare.get('/lenient'), () => alice.get('/totp/factors'),
    () => spare.challenge(factor.code(now()))
  ]) unavailable(t, await read(), 'a get that hangs')
  store.mend()
  store.break('replace', hang)
  for (const write of [
    () => alice.post('/totp/factors', {}), () => spare.challenge(factor.code(now())),
    () => alice.post(`/totp/factors/${own.sid}/verify`, { code: own.code(now()) })
  ]) unavailable(t, await write(), 'a replace that hangs')
  store.mend()
  t.equal(handled(), 0)
  t.match(await spare.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await spare.challenge(factor.code(now())), { status: 200 })
})

t.test('a document that is somebody else\'s, of tomorrow, or damaged opens nothing, and is told of', async t => {
  const { store, login, alice, factor, events, handled, now, wait } = await running(t)
  const bob = await login('bob')
  await bob.enrollVerified(now())
  const bobs = await store.get('identity:bob')
  const good = await store.get('identity:alice')
  if (good === null) throw new Error('alice has no document')
  const [verified] = good.factors
  const [approval] = good.approvals
  const configured = (config: object) =>
    ({ ...good, factors: [{ ...verified, config: { ...verified?.config, ...config } }] })
  const damaged: Array<[what: string, document: unknown]> = [
    ['somebody else\'s', bobs],
    ['somebody else\'s under her name', { ...bobs, identity: 'alice', approvals: good.approvals }],
    ['of format 2', { ...good, format: 2 }],
    ['of no format', { ...good, format: undefined }],
    ['with a field too many', { ...good, trusted: true }],
    ['with a revision in text', { ...good, revision: String(good.revision) }],
    ['with an unknown provider', { ...good, factors: [{ ...verified, provider: 'none' }] }],
    ['with an unknown alg', configured({ alg: 'md5' })],
    ['with a status', { ...good, factors: [{ ...verified, status: 'VERIFIED ' }] }],
    ['with a code length in text', configured({ codeLength: '6' })],
    ['with four digits', configured({ codeLength: 4 })],
    ['with a skew of 99', configured({ skew: 99 })],
    ['without lastStep', { ...good, factors: [{ ...verified, lastStep: undefined }] }],
    ['with lastStep null', { ...good, factors: [{ ...verified, lastStep: null }] }],
    ['with an empty seal', { ...good, factors: [{ ...verified, sealed: '' }] }],
    ['without a seal', { ...good, factors: [{ ...verified, sealed: null }] }],
    ['with a factor twice', { ...good, factors: [verified, verified] }],
    ['with an approval that never ends', { ...good, approvals: [{ ...approval, at: Infinity }] }],
    ['with an approval of no generation', { ...good, approvals: [{ ...approval, generation: undefined }] }],
    ['without attempts', { ...good, attempts: undefined }],
    ['with negative failures', { ...good, attempts: { ...good.attempts, failures: -1 } }]
  ]
  await new Promise(setImmediate)
  for (const [what, document] of damaged) {
    // A foreign seal is found when a code is judged; the approval that came with it names no factor there.
    const readable = what === 'somebody else\'s under her name'
    store.break('get', async () => document)
    const told = events.length
    if (readable) t.match(await alice.get('/counted'), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, what)
    else unavailable(t, await alice.get('/counted'), what)
    unavailable(t, await alice.challenge(factor.code(now())), what)
    await new Promise(setImmediate)
    t.match(events.slice(told).map(({ type, identity }) => [type, identity]),
      Array(readable ? 1 : 2).fill(['document.refused', 'alice']), what)
    store.mend()
  }
  t.equal(handled(), 0)
  t.match(await alice.get('/counted'), { status: 200 })
  wait(30)
  t.match(await alice.challenge(factor.code(now())), { status: 200 }, 'nothing was counted or burnt')
})

t.test('a document that is lost is no way around the guard', async t => {
  const { store, alice, handled } = await running(t)
  store.break('get', async () => null)
  t.match(await alice.get('/counted'), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.equal(handled(), 0)
})

// Twilio keeps the secrets of its factors, so there are no seals.
if (isEmbedded()) {
  t.test('a seal of an unknown key, or a touched one, is a fault of ours: 503, not counted, told of', async t => {
    const store = memoryStore<Entity>()
    const { login, now, wait } = await site(t, { totp: { store } })
    const alice = await login('alice')
    const factor = await alice.enrollVerified(now())
    wait(30)

    const other = await site(t, { totp: { store, keys: [randomBytes(32)] } })
    const there = await other.login('alice')
    other.wait(30)
    for (let n = 0; n < 7; n++) unavailable(t, await there.challenge(factor.code(now())), 'an unknown key')
    await new Promise(setImmediate)
    t.match(other.events.map(({ type }) => type), Array(7).fill('document.refused'))

    const rotated = await site(t, { totp: { store, keys: [randomBytes(32), KEY] } })
    const later = await rotated.login('alice')
    rotated.wait(30)
    t.match(await later.challenge(factor.code(now())), { status: 200 }, 'nothing was counted: seven would have locked')

    const kept = await store.get('identity:alice')
    if (kept === null) throw new Error('alice has no document')
    const touched = kept.factors.map(factor =>
      factor.provider === 'embedded' ? { ...factor, sealed: factor.sealed.replace(/.{4}$/, 'AAAA') } : factor)
    await store.replace('identity:alice', kept.revision, { ...kept, factors: touched, revision: kept.revision + 1 })
    rotated.wait(30)
    unavailable(t, await later.challenge(factor.code(rotated.now())), 'a touched seal')
  })
}

t.test('when the session can not be kept, the answer is 503 and no cookie opens the vault', async t => {
  const sessions = new Map<string, string>()
  let broken = false
  const fails = () => new Error(LEAK)
  const { login, visitor, now, wait } = await site(t, {
    session: {
      store: {
        get: (id, done) => { done(null, JSON.parse(sessions.get(id) ?? 'null')) },
        set: (id, session, done) => {
          if (broken) return done(fails())
          sessions.set(id, JSON.stringify(session))
          done()
        },
        destroy: (id, done) => {
          if (broken) return done(fails())
          sessions.delete(id)
          done()
        }
      }
    },
    routes: app => {
      app.post('/login-alone', async request => { request.session.userId = 'alice' })
    }
  })
  const enrolling = visitor()
  await enrolling.post('/login-alone')
  broken = true
  unavailable(t, await enrolling.post('/totp/factors', {}), 'enrolling in a session that has no mark yet')
  broken = false
  const alice = await login('alice')
  const factor = await alice.enroll()
  const verifying = alice.copy()
  broken = true
  unavailable(t, await verifying.post(`/totp/factors/${factor.sid}/verify`, { code: factor.code(now()) }), 'verifying')
  broken = false
  t.match(await verifying.vault(), { status: /40[13]/ })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })

  wait(30)
  const before = alice.copy()
  broken = true
  const answer = await alice.challenge(factor.code(now()))
  unavailable(t, answer, 'the challenge')
  broken = false
  t.match(await alice.vault(), { status: /40[13]/ }, 'the cookies after it')
  t.match(await before.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, 'the cookies before it')
  for (const id of sessions.keys()) t.notMatch(answer.headers['set-cookie'] ?? '', id)
  wait(30)
  t.match(await before.challenge(factor.code(now())), { status: 200 })
  t.match(await before.vault(), { status: 200 })
})

t.test('a clock that is out of order lets nobody pass and burns nothing', async t => {
  let time: unknown = 1_800_000_000
  let handled = 0
  const clock = () => untyped(time)
  const { login } = await site(t, {
    totp: { clock },
    routes: app => { app.get('/counted', { preHandler: app.totp.required() }, async () => { handled++ }) }
  })
  const alice = await login('alice')
  const factor = await alice.enrollVerified(1_800_000_000)
  const code = factor.code(1_800_000_030)
  const refused = { status: 500, code: 'ERR_TOTP_INVALID_OPTION', headers: { 'cache-control': 'no-store' } }
  for (const wrong of [
    NaN, Infinity, -Infinity, -1, 1_800_000_030_000, 'now', undefined, {}, null, [], '1800000030', true
  ]) {
    time = wrong
    const answer = await alice.get('/counted')
    t.match(answer, refused, JSON.stringify(wrong))
    t.notMatch(answer.text, /clock|option "/, 'how the server is set up is nobody\'s business')
    t.match(await alice.challenge(code), refused, JSON.stringify(wrong))
    t.equal(handled, 0)
  }
  time = 1_800_000_030
  t.match(await alice.challenge(code), { status: 200 }, 'the code is not burnt')
})
