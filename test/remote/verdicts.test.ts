import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { deadlines } from '../deadlines.js'
import { but, refusal, sidOf, without, type Behavior, type Hostile, type Instead } from './hostile.js'
import { counted, enrolledThere, FIRST, kept, RIGHT, there, verifyThere, WRONG, type There } from './there.js'
import type { Response, Visitor } from '../visitor.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const UNAVAILABLE = { status: 503, code: 'ERR_TOTP_PROVIDER' }

/** Answers that are about something else, or of no sense: they may be anything, so they are nothing. */
const UNFIT: ReadonlyArray<readonly [string, Instead | Behavior]> = [
  ...['Approved', 'approved ', ' approved', 'APPROVED', 'approved\n', 'Denied', 'expired', 'canceled', 'verified',
    '', true, null, 1, ['approved'], { toString: 'approved' }].map(status =>
    [`status ${JSON.stringify(status)}`, but({ status })] as const),
  ['no status', without('status')],
  ['another identity', but({ identity: sidOf('YE') })],
  ['no identity', without('identity')],
  ['another factor', but({ factor_sid: sidOf('YF') })],
  ['no factor', without('factor_sid')],
  ['another service', but({ service_sid: sidOf('VA') })],
  ['no service', without('service_sid')],
  ['a challenge of another kind', but({ sid: sidOf('YF') })],
  ['a challenge that is a path', but({ sid: `${sidOf('YC')}/../..` })],
  ['no challenge', without('sid')],
  ['a list', { status: 200, body: [{ status: 'approved' }] }],
  ['an error body with 200', { ...refusal(403, 60324), status: 200 }]
]

/** No answer at all: the outcome stays unknown. */
const UNKNOWN: ReadonlyArray<readonly [string, Instead | Behavior]> = [
  ['HTML with 200', { status: 200, body: '<html>approved</html>', type: 'text/html' }],
  ['HTML with 502', { status: 502, body: '<html>Bad Gateway</html>', type: 'text/html' }],
  ['HTML with 404', { status: 404, body: '<html>Not Found</html>', type: 'text/html' }],
  ['an empty body with 200', { status: 200, body: '' }],
  ['null with 200', { status: 200, body: 'null' }],
  ['half an answer with 200', { status: 200, body: '{"status":"approved",' }],
  ['the word alone with 200', { status: 200, body: '"approved"' }],
  ['500', refusal(500, 20500)],
  ['503', refusal(503, 20503)],
  ['503 without a body', { status: 503 }],
  ['500 that says approved', usual => ({ ...usual, status: 500 })],
  ['302 that says approved', usual => ({ ...usual, status: 302 })],
  ['403 that says approved', usual => ({ ...usual, status: 403 })],
  ['an unknown code', refusal(403, 60999)],
  ['a code that is a text', { status: 403, body: { code: '60318', message: 'x', status: 403 } }],
  ['RFC 9457 with an unknown code', {
    status: 400,
    type: 'application/problem+json',
    body: { type: 'https://errors.example/1', title: 'Bad', status: 400, code: 60999 }
  }],
  ['a reset', 'reset'],
  ['an answer that breaks off', 'cut']
]

/** A right code at a challenge that is answered so. */
async function answeredRight (
  { server, login }: There, kind: 'create' | 'update', instead: Instead | Behavior, identity = 'alice'
): Promise<readonly [Visitor, Response]> {
  server.mend()
  await enrolledThere(await login(identity))
  const thief = await login(identity)
  if (kind === 'update') t.match(await thief.challenge(WRONG), DENIED)
  server.answer(kind, instead)
  return [thief, await thief.challenge(RIGHT)]
}

t.test('an answer about exactly what was asked approves, for a new challenge and for a pending one', async t => {
  for (const kind of ['create', 'update'] as const) {
    const [person, answer] = await answeredRight(await there(t), kind, usual => usual)
    t.match(answer, { status: 200 }, kind)
    t.match(await person.vault(), { status: 200 }, kind)
  }
})

for (const kind of ['create', 'update'] as const) {
  t.test(`${kind}: an answer that is about something else approves nothing, and counts`, async t => {
    const made = await there(t)
    for (const [name, instead] of UNFIT) {
      const [person, answer] = await answeredRight(made, kind, instead, name)
      await turn()
      t.match(answer, UNAVAILABLE, name)
      t.match(await person.vault(), { status: 403 }, name)
      const { attempts } = await kept(made.store, name)
      t.match(attempts, { unknown: 1, pending: { length: 0 }, tally: kind === 'update' ? 1 : 0 }, name)
      t.match(made.events.at(-1), { type: 'provider.refused', identity: name }, name)
    }
  })

  t.test(`${kind}: an answer that can't be read approves nothing, and counts`, async t => {
    const made = await there(t)
    for (const [name, instead] of UNKNOWN) {
      const [person, answer] = await answeredRight(made, kind, instead, name)
      await turn()
      t.match(answer, UNAVAILABLE, name)
      t.match(await person.vault(), { status: 403 }, name)
      const { attempts } = await kept(made.store, name)
      t.match(attempts, { unknown: 1, pending: { length: 0 }, tally: kind === 'update' ? 1 : 0 }, name)
      t.not(made.events.at(-1)?.type, 'provider.refused', name)
    }
  })
}

t.test('the identity has no case, and \'denied\' is a wrong code', async t => {
  const { login, server, store } = await there(t)
  const lower: Instead = ({ status, body }) => ({
    status, body: { ...Object(body), identity: String(Object(body).identity).toLowerCase() }
  })
  for (const kind of ['enroll', 'verify', 'create', 'update', 'fetch'] as const) server.answer(kind, lower)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  server.answer('create', but({ status: 'denied' }))
  t.match(await person.challenge(WRONG), DENIED)
  t.match((await kept(store)).attempts, { failures: 1, unknown: 0, tally: 1 })
  t.match(await person.vault(), { status: 403 })
  server.answer('create', lower)
  t.match(await person.challenge(WRONG), DENIED)
  t.match(await person.challenge(RIGHT), { status: 200 }, 'an update')
})

t.test('an update that is answered by another challenge approves nothing', async t => {
  const [person, answer] = await answeredRight(await there(t), 'update', but({ sid: sidOf('YC') }))
  t.match(answer, UNAVAILABLE)
  t.match(await person.vault(), { status: 403 })
})

t.test('a server that never answers approves nothing, and times out', async t => {
  const made = await there(t)
  made.server.whenHung = deadlines(t).pass
  const [person, answer] = await answeredRight(made, 'create', 'hang')
  t.match(answer, UNAVAILABLE)
  t.match(await person.vault(), { status: 403 })
  t.equal(await counted(made.store), 1)
})

t.test('an answer that comes too late is not used', async t => {
  const made = await there(t)
  const { server, login, store } = made
  const { pass } = deadlines(t)
  let release = (): void => {}
  const [person, answer] = await answeredRight(made, 'create', async usual => {
    pass()
    await new Promise<void>(resolve => { release = resolve })
    return usual
  })
  t.match(answer, UNAVAILABLE)
  const before = await kept(store)
  release()
  server.mend()
  // Another answer over the same client comes after the one that was late.
  await (await login('bob')).enroll()
  t.match(await person.vault(), { status: 403 })
  t.strictSame(await kept(store), before)
})

/** The shapes of a wrong code. */
const WRONGS: ReadonlyArray<readonly [string, (server: Hostile) => void]> = [
  ['pending', () => {}],
  ['60311', server => { server.answer('create', refusal(403, 60311)) }],
  ['60324', server => { server.answer('create', refusal(403, 60324)) }],
  ['RFC 9457', server => {
    server.answer('create', {
      status: 403,
      type: 'application/problem+json',
      body: { type: 'https://errors.example/60324', title: 'Challenge verification failed', status: 403, code: 60324 }
    })
  }]
]

t.test('a wrong code gets the same answer however Twilio reports it, and counts once', async t => {
  const texts = new Set<string>()
  for (const [name, prepare] of WRONGS) {
    const { login, server, store } = await there(t)
    const alice = await login('alice')
    await enrolledThere(alice)
    prepare(server)
    const answer = await alice.challenge(WRONG)
    t.match(answer, DENIED, name)
    const { 'content-length': length, date, ...headers } = answer.headers
    texts.add(JSON.stringify([answer.text, Object.keys(headers)]))
    t.match((await kept(store)).attempts, { failures: 1, unknown: 0, pending: { length: 0 }, tally: 1 }, name)
  }
  t.equal(texts.size, 1)
})

t.test('of a first code: only the status verified for exactly this factor verifies it', async t => {
  const unfit: ReadonlyArray<readonly [string, Instead | Behavior]> = [
    ...['Verified', 'verified ', 'VERIFIED', 'approved', true, null, ''].map(status =>
      [`status ${JSON.stringify(status)}`, but({ status })] as const),
    ['no status', without('status')],
    ['another factor', but({ sid: sidOf('YF') })],
    ['another identity', but({ identity: sidOf('YE') })],
    ['another service', but({ service_sid: sidOf('VA') })],
    ['a list', { status: 200, body: [{ status: 'verified' }] }]
  ]
  const { login, server, events } = await there(t)
  for (const [name, instead] of unfit) {
    const alice = await login(name)
    const { sid } = await alice.enroll()
    server.answer('verify', instead)
    t.match(await verifyThere(alice, sid, FIRST), UNAVAILABLE, name)
    await turn()
    t.match(events.at(-1), { type: 'provider.refused', factorSid: sid }, name)
    t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, name)
  }
})

t.test('a factor that isn\'t as requested is not used', async t => {
  const config = { alg: 'sha1', code_length: 6, time_step: 30, skew: 1 }
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const uri = `otpauth://totp/Acme:x?secret=${secret}`
  const others: ReadonlyArray<readonly [string, Instead | Behavior]> = [
    ['a weak code', but({ config: { ...config, code_length: 3 } })],
    ['a wide window', but({ config: { ...config, skew: 2 } })],
    ['another hash', but({ config: { ...config, alg: 'md5' } })],
    ['numbers that are texts', but({ config: { ...config, code_length: '6' } })],
    ['no config', but({ config: null })],
    ['verified already', but({ status: 'verified' })],
    ['another kind of factor', but({ factor_type: 'push' })],
    ['another identity', but({ identity: sidOf('YE') })],
    ['another service', but({ service_sid: sidOf('VA') })],
    ['a sid that is a path', but({ sid: '..' })],
    ['no secret', but({ binding: { uri } })],
    ['a secret that is none', but({ binding: { secret: '<script>', uri } })],
    ['a URI that is a link', but({ binding: { secret, uri: 'https://evil.example/' } })],
    ['a URI of another secret', but({ binding: { secret, uri: uri.replace('GEZD', 'MFRG') } })],
    ['a URI without a secret', but({ binding: { secret, uri: uri.replace('secret', 'issuer') } })],
    ['a URI with a line break', but({ binding: { secret, uri: `${uri}\nx` } })],
    ['no binding', but({ binding: null })],
    ['HTML', { status: 201, body: '<html>' }]
  ]
  const { login, server, store, wait } = await there(t)
  const alice = await login('alice')
  for (const [name, instead] of others) {
    server.answer('enroll', instead)
    wait(120)
    t.match(await alice.post('/totp/factors', {}), UNAVAILABLE, name)
    t.equal((await kept(store)).unverified, null, name)
  }

  server.answer('enroll', but({ binding: { secret: `${secret}====`, uri } }))
  wait(120)
  t.match(await alice.post('/totp/factors', {}), { status: 201 }, 'but for padding')
})
