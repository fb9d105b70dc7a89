import t, { type Test } from 'tap'
import type { Remote } from '../../src/entity/entity.js'
import { twilioProvider, type TwilioClient } from '../../src/index.js'
import { encodeSecret } from '../../src/otp/secret.js'
import { hostile, refusal, sidOf, type Behavior } from '../remote/hostile.js'
import { untyped } from '../untyped.js'

const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const CODE = '123456'

/** A provider, and a factor that is verified there. */
async function verifiedThere (t: Test) {
  const server = await hostile(t)
  const provider = twilioProvider({ client: server.client, serviceSid: server.serviceSid })
  const { remote } = await provider.bind({ identity: sidOf('YE'), label: 'phone', config: CONFIG, secret: undefined })
  server.right.add(CODE)
  await provider.verify(remote, CODE)
  return { server, provider, remote }
}

/** A client that throws errors which no server can provoke in the real one. */
function throwing (thrown: unknown): TwilioClient {
  const fail = () => { throw thrown }
  const entity = {
    newFactors: { create: fail },
    factors: () => ({ fetch: fail, update: fail, removeWithHttpInfo: fail }),
    challenges: Object.assign(() => ({ update: fail }), { create: fail })
  }
  return untyped({ verify: { v2: { services: () => ({ entities: () => entity }) } } })
}

const DENIED = { verdict: 'denied', challengeSid: null }
const UNAVAILABLE = { refusal: { code: 'ERR_TOTP_PROVIDER', statusCode: 503 } }
const CONFLICT = { verdict: 'unjudged', refusal: { code: 'ERR_TOTP_CONFLICT' } }
const TOO_MANY = { code: 'ERR_TOTP_LOCKED', retryAfter: 1 }
const unjudged = { verdict: 'unjudged', ...UNAVAILABLE }
const unknown = { verdict: 'unknown', ...UNAVAILABLE }
const ended = { verdict: 'ended' }

/** The outcome for the code of a challenge, and for a first code where that differs. */
const OUTCOMES: ReadonlyArray<readonly [Behavior, object, object?]> = [
  [refusal(403, 60311), DENIED],
  [refusal(403, 60324), DENIED],
  [refusal(403, 60322), CONFLICT],
  [refusal(403, 60323), CONFLICT],
  ...[20001, 60200, 60204, 60300, 60306, 60361, 60362, 60363, 60364, 60365, 60366, 60367, 60370].map(code =>
    [refusal(400, code), unjudged] as const),
  [refusal(401, 20003), unjudged],
  [refusal(403, 20403), unjudged],
  [refusal(403, 60318), unjudged],
  ...[20404, 60390, 60391, 60392].map(code => [refusal(404, code), unjudged, ended] as const),
  ...[20429, 25109, 60328].map(code =>
    [refusal(429, code), { verdict: 'unjudged', refusal: TOO_MANY }] as const),
  [refusal(429, 60312), { verdict: 'unjudged', refusal: { code: 'ERR_TOTP_LOCKED', retryAfter: 3600 } }],
  [refusal(429, 60326), { verdict: 'unjudged', refusal: { code: 'ERR_TOTP_LOCKED', retryAfter: 86_400 } }],
  [refusal(429, 60308), { verdict: 'unknown', refusal: TOO_MANY }],
  [refusal(429, 60310), { verdict: 'unknown', refusal: TOO_MANY }, ended],
  [refusal(400, 60383), unknown, ended],
  [{ status: 429 }, { verdict: 'unknown', refusal: TOO_MANY }],
  [refusal(403, 60999), unknown],
  [refusal(500, 20500), unknown],
  [refusal(503, 20503), unknown],
  [{ status: 502, body: '<html>', type: 'text/html' }, unknown],
  [{ status: 404, body: '<html>', type: 'text/html' }, unknown],
  [{ status: 200, body: '' }, unknown],
  [{ status: 200, body: 'null' }, unknown],
  [{ status: 200, body: '[]' }, { verdict: 'unfit', ...UNAVAILABLE }],
  [{ status: 200, body: refusal(403, 60324).body }, { verdict: 'unfit', ...UNAVAILABLE }],
  ['reset', unknown],
  ['cut', unknown]
]

t.test('each failure at Twilio has its outcome, and any other failure is unknown', async t => {
  const { server, provider, remote } = await verifiedThere(t)
  for (const [instead, expected, first = expected] of OUTCOMES) {
    const name = JSON.stringify(instead)
    for (const kind of ['create', 'update', 'verify'] as const) server.answer(kind, instead)
    t.match(await provider.challenge(remote, CODE, null), expected, `${name} to a new challenge`)
    t.match(await provider.challenge(remote, CODE, sidOf('YC')), expected, `${name} to a pending one`)
    t.match(await provider.verify(remote, CODE), first, `${name} to a first code`)
  }
})

t.test('a wrong code leaves its challenge pending', async t => {
  const { provider, remote } = await verifiedThere(t)
  const outcome = await provider.challenge(remote, '000000', null)
  t.match(outcome, { verdict: 'denied', challengeSid: /^YC[0-9a-f]{32}$/ })
  if (outcome.verdict !== 'denied') return
  t.match(await provider.challenge(remote, '000001', outcome.challengeSid), outcome)
  t.match(await provider.challenge(remote, CODE, outcome.challengeSid), { verdict: 'approved' })
})

t.test('anything that isn\'t a name never becomes part of a path', async t => {
  const { server, provider, remote } = await verifiedThere(t)
  const before = server.log.length
  const strays: Remote[] = [
    ...['..', '', 'a/b/c/d/e', 'somebody#', 'somebody?', 'a\\..\\victim', 'x'.repeat(65), 'seven77', 'somebody\n'].map(identity =>
      ({ ...remote, identity })),
    ...[12345678, undefined, ['somebody']].map(identity => ({ ...remote, identity: untyped(identity) })),
    ...['..', '', '%2e%2e', `${remote.sid}/`, `${remote.sid}\n`, sidOf('YC')].map(sid => ({ ...remote, sid })),
    ...[sidOf('VA'), '..', remote.serviceSid.toUpperCase()].map(serviceSid => ({ ...remote, serviceSid }))
  ]
  for (const stray of strays) {
    const name = JSON.stringify(stray)
    t.match(await provider.challenge(stray, CODE, null), unjudged, name)
    t.match(await provider.verify(stray, CODE), unjudged, name)
    await t.rejects(provider.remove(stray), { code: 'ERR_TOTP_PROVIDER' }, name)
    await t.rejects(provider.fetch(stray), { code: 'FST_ERR_VALIDATION', message: /^a factor at Twilio is named by/ }, name)
    if (stray.identity === remote.identity) continue
    const factor = { identity: stray.identity, label: 'x', config: CONFIG, secret: undefined }
    await t.rejects(provider.bind(factor), { code: 'ERR_TOTP_PROVIDER' }, name)
  }
  for (const pending of ['..', '', '%2e%2e', `${sidOf('YC')}/`, `${sidOf('YC')}\n`, sidOf('YF')]) {
    t.match(await provider.challenge(remote, CODE, pending), unjudged, JSON.stringify(pending))
  }
  t.equal(server.log.length, before)
})

t.test('the requests are those of Verify\'s wire format', async t => {
  const { server, provider, remote } = await verifiedThere(t)
  const secret = encodeSecret(Buffer.from('twenty bytes of text'))
  const config = { alg: 'sha512', codeLength: 8, timeStep: 60, skew: 0 } as const
  const bound = await provider.bind({ identity: remote.identity, label: 'Jürgen\'s & co', config, secret })
  t.match(bound, { secret, config, remote: { serviceSid: server.serviceSid, identity: remote.identity } })
  t.strictSame({ ...server.asked('enroll').at(-1)?.form }, {
    FriendlyName: 'Jürgen\'s & co',
    FactorType: 'totp',
    'Binding.Secret': secret,
    'Config.Alg': 'sha512',
    'Config.TimeStep': '60',
    'Config.Skew': '0',
    'Config.CodeLength': '8'
  })
  await provider.challenge(remote, CODE, null)
  t.strictSame({ ...server.asked('create').at(-1)?.form }, { FactorSid: remote.sid, AuthPayload: CODE })
})

t.test('whatever a client throws becomes a verdict, and nothing of it is kept', async t => {
  const serviceSid = sidOf('VA')
  const remote = { serviceSid, identity: 'somebody', sid: sidOf('YF') }
  const told = 'https://AC:token@verify.example/'
  const failures: ReadonlyArray<readonly [unknown, object]> = [
    ['a text', unknown],
    [null, unknown],
    [{ status: 404, code: 20404 }, unknown],
    [new TypeError(told), unknown],
    [Object.assign(new Error(told), { code: 'ECONNREFUSED' }), unjudged],
    [Object.assign(new Error(told), { code: 'ENOTFOUND' }), unjudged],
    [Object.assign(new Error(told), { code: 'EAI_AGAIN' }), unjudged],
    [Object.assign(new Error(told), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), unjudged],
    [Object.assign(new Error(told), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), unjudged],
    [Object.assign(new Error(told), { code: 'ECONNRESET' }), unknown],
    [Object.assign(new Error(told), { code: 'ECONNABORTED' }), unknown],
    [Object.assign(new Error(told), { code: 'ETIMEDOUT' }), unknown],
    [Object.assign(new Error(told), { code: told }), unknown],
    [Object.assign(new Error(told), { status: 'x', code: {} }), unknown],
    ...[314_159, 9999, 20404.5, NaN].map(code =>
      [Object.assign(new Error(told), { status: 404, code }), unknown] as const),
    [Object.assign(new Error(told), { status: 314_159, code: 20404 }), unknown],
    [Object.assign(new Error(told), { status: 500, code: 'ECONNREFUSED' }), unknown],
    [Object.assign(new Error(told), { status: null, code: 'ECONNREFUSED' }), unknown]
  ]
  for (const [thrown, expected] of failures) {
    const provider = twilioProvider({ client: throwing(thrown), serviceSid })
    const outcome = await provider.challenge(remote, CODE, null)
    t.match(outcome, expected)
    t.match(await provider.verify(remote, CODE), expected)
    const causes = [
      'refusal' in outcome ? outcome.refusal.cause : null,
      await provider.remove(remote).catch(({ cause }: Error) => cause),
      await provider.fetch(remote).catch(({ cause }: Error) => cause),
      await provider.bind({ identity: 'somebody', label: 'x', config: CONFIG, secret: undefined })
        .catch(({ cause }: Error) => cause)
    ]
    for (const cause of causes) {
      t.ok(cause instanceof Error)
      t.match(String(cause), /^Error: Twilio (gave no readable answer|answered with HTTP \d+)/)
      t.notMatch(`${String(cause)} ${JSON.stringify(cause)}`, told)
      t.notMatch(String(cause), /314159|9999\b|20404\.5|NaN/)
    }
  }
})

t.test('a value that isn\'t an answer is refused', async t => {
  const serviceSid = sidOf('VA')
  const remote = { serviceSid, identity: 'somebody', sid: sidOf('YF') }
  for (const answer of [undefined, null, true, 'approved', 1]) {
    const entity = {
      newFactors: { create: async () => answer },
      factors: () => ({
        fetch: async () => answer, update: async () => answer, removeWithHttpInfo: async () => answer
      }),
      removeWithHttpInfo: async () => answer,
      challenges: Object.assign(() => ({ update: async () => answer }), { create: async () => answer })
    }
    const client = { verify: { v2: { services: () => ({ entities: () => entity }) } } }
    const provider = twilioProvider({ client, serviceSid })
    t.match(await provider.challenge(remote, CODE, null), { verdict: /^un(fit|known)$/, ...UNAVAILABLE })
    t.match(await provider.verify(remote, CODE), { verdict: /^un(fit|known)$/, ...UNAVAILABLE })
    await t.rejects(provider.fetch(remote), { code: 'ERR_TOTP_PROVIDER' })
    await t.rejects(provider.remove(remote), { code: 'ERR_TOTP_PROVIDER' })
    await t.rejects(provider.removeEntity('somebody'), { code: 'ERR_TOTP_PROVIDER' })
    await t.rejects(provider.removeEntity('../Services'), { code: 'ERR_TOTP_PROVIDER' })
    await t.rejects(provider.bind({ identity: 'somebody', label: 'x', config: CONFIG, secret: undefined }),
      { code: 'ERR_TOTP_PROVIDER' })
  }
})
