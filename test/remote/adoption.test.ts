import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { type Adopted, type Adoption } from '../../src/index.js'
import { site, START } from '../site.js'
import { untyped } from '../untyped.js'
import { but, hostile, refusal, sidOf, without, type Behavior, type FactorThere, type Hostile, type Instead } from './hostile.js'
import { enrolledThere, kept, keptFactor, providerAt, RIGHT, there } from './there.js'

const CONFIG = { alg: 'sha1', code_length: 6, time_step: 30, skew: 1 }

/** A factor that a user has at Twilio already. */
function already (server: Hostile, differences: Partial<FactorThere> = {}): Pick<Adoption, 'twilioIdentity' | 'twilioFactorSid'> {
  const [sid, identity] = [sidOf('YF'), differences.identity ?? `user-${server.factors.size}-at-twilio`]
  server.factors.set(sid, {
    friendlyName: 'Alice\'s phone', status: 'verified', config: CONFIG, dateCreated: '2020-01-02T03:04:05Z', ...differences, identity
  })
  return { twilioIdentity: identity, twilioFactorSid: sid }
}

t.test('a factor at Twilio is adopted, and challenged under its identity there', async t => {
  const { app, server, login, events, store } = await there(t)
  const given = already(server, { identity: 'Alice-of-2020' })
  const factor = await app.totp.adopt({ identity: 'alice', ...given })
  t.match(factor, {
    friendlyName: 'Alice\'s phone',
    status: 'verified',
    createdAt: Date.parse('2020-01-02T03:04:05Z') / 1000,
    verifiedAt: START,
    config: { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 }
  })
  t.not(factor.sid, given.twilioFactorSid, 'its sid there stays there')
  await turn()
  t.match(events, [{ type: 'factor.adopted', identity: 'alice', factorSid: factor.sid }])
  const alice = await login('alice')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.challenge(RIGHT), { status: 200 })
  t.match(await alice.vault(), { status: 200 })
  t.match(server.asked('create'), [{ identity: 'Alice-of-2020', form: { FactorSid: given.twilioFactorSid } }])
  t.match((await keptFactor(store)).remote, { identity: 'Alice-of-2020', sid: given.twilioFactorSid })
})

t.test('a second adoption changes nothing', async t => {
  const { app, server, login, store } = await there(t)
  const given = already(server)
  const first = await app.totp.adopt({ identity: 'alice', ...given })
  const alice = await login('alice')
  await alice.challenge(RIGHT)
  const before = await kept(store)
  t.match(await app.totp.adopt({ identity: 'alice', ...given, friendlyName: 'another' }), { sid: first.sid, friendlyName: first.friendlyName })
  t.strictSame(await kept(store), before)
  t.match(await alice.vault(), { status: 200 })
})

t.test('a first adopted factor voids what was enrolled or approved before', async t => {
  const { app, server, login } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  await app.totp.adopt({ identity: 'alice', ...already(server) })
  t.match(await alice.post(`/totp/factors/${sid}/verify`, { code: RIGHT }), { status: 404 })
  t.strictSame(server.asked('verify'), [])
})

t.test('a name that no app can show is replaced, and a given name is used', async t => {
  const { app, server } = await there(t)
  const adopt = async (name: string, friendlyName?: string) => (await app.totp.adopt({
    identity: 'alice', ...already(server, { friendlyName: name }), ...friendlyName === undefined ? {} : { friendlyName }
  })).friendlyName
  t.equal(await adopt('Acme: phone'), 'Twilio Verify')
  t.equal(await adopt(''), 'Twilio Verify')
  t.equal(await adopt('Acme: phone', 'phone'), 'phone')
  await t.rejects(adopt('phone', 'a:b'), { code: 'FST_ERR_VALIDATION' })
})

/** Answers about a factor that must not be taken over. */
const REFUSED: ReadonlyArray<readonly [string, Instead | Behavior, string]> = [
  ...['unverified', 'Verified', 'verified ', '', true, null].map(status =>
    [`status ${JSON.stringify(status)}`, but({ status }), 'FST_ERR_VALIDATION'] as const),
  ['no status', without('status'), 'FST_ERR_VALIDATION'],
  ['push', but({ factor_type: 'push' }), 'FST_ERR_VALIDATION'],
  ...[3, 4, 5, 9, 6.5].map(length =>
    [`${length} digits`, but({ config: { ...CONFIG, code_length: length } }), 'FST_ERR_VALIDATION'] as const),
  ['a skew of 2', but({ config: { ...CONFIG, skew: 2 } }), 'FST_ERR_VALIDATION'],
  ['a step of 10 s', but({ config: { ...CONFIG, time_step: 10 } }), 'FST_ERR_VALIDATION'],
  ['a step of 121 s', but({ config: { ...CONFIG, time_step: 121 } }), 'FST_ERR_VALIDATION'],
  ['md5', but({ config: { ...CONFIG, alg: 'md5' } }), 'ERR_TOTP_PROVIDER'],
  ['texts for numbers', but({ config: { ...CONFIG, skew: '1' } }), 'ERR_TOTP_PROVIDER'],
  ['no config', but({ config: null }), 'ERR_TOTP_PROVIDER'],
  ['another factor', but({ sid: sidOf('YF') }), 'ERR_TOTP_PROVIDER'],
  ['another identity', but({ identity: 'somebody-else' }), 'ERR_TOTP_PROVIDER'],
  ['another service', but({ service_sid: sidOf('VA') }), 'ERR_TOTP_PROVIDER'],
  ['no name', but({ friendly_name: null }), 'ERR_TOTP_PROVIDER'],
  ['no date', but({ date_created: null }), 'ERR_TOTP_PROVIDER'],
  ['a date that is none', but({ date_created: 'yesterday' }), 'ERR_TOTP_PROVIDER'],
  ['an error with 200', { ...refusal(404, 20404), status: 200 }, 'ERR_TOTP_PROVIDER'],
  ['HTML', { status: 200, body: '<html>' }, 'ERR_TOTP_PROVIDER'],
  ['500', refusal(500, 20500), 'ERR_TOTP_PROVIDER'],
  ['401', refusal(401, 20003), 'ERR_TOTP_PROVIDER'],
  ['404 of somebody else', { status: 404, body: '<html>' }, 'ERR_TOTP_PROVIDER'],
  ['404', refusal(404, 20404), 'ERR_TOTP_FACTOR_NOT_FOUND'],
  ['429', refusal(429, 20429), 'ERR_TOTP_LOCKED'],
  ['a reset', 'reset', 'ERR_TOTP_PROVIDER']
]

t.test('a factor is adopted only if it is verified, of type TOTP, and as strict as ours', async t => {
  const { app, server, store } = await there(t)
  const given = already(server)
  for (const [name, instead, code] of REFUSED) {
    server.answer('fetch', instead)
    await t.rejects(app.totp.adopt({ identity: 'alice', ...given }), { code }, name)
    t.equal(await store.get('identity:alice'), null, name)
  }
})

t.test('an adopted factor is read back', async t => {
  const { app, server, store, login } = await there(t)
  const odd = [
    but({ config: { ...CONFIG, time_step: 30.5 } }), but({ date_created: '1960-01-01T00:00:00Z' }),
    but({ date_created: '+020000-01-01T00:00:00Z' })
  ]
  for (const [index, instead] of odd.entries()) {
    const identity = `alice ${index}`
    server.answer('fetch', instead)
    try {
      await app.totp.adopt({ identity, ...already(server) })
    } catch {
      t.equal(await store.get(`identity:${identity}`), null)
      continue
    }
    t.match(await (await login(identity)).get('/totp/factors'), { status: 200 }, identity)
  }
})

t.test('anything that isn\'t a name never becomes part of a path', async t => {
  const { app, server } = await there(t)
  const sid = sidOf('YF')
  const identities = [
    '', '.', '..', 'a\\..\\victim', 'x#', 'a\tb', 'a/b', 'somebody/../x', 'somebody?x=1', 'somebody#x', '%2e%2e%2f%2e', 'somebody\n',
    'short', 'x'.repeat(65), 'some body', 'some_body', 'jürgen-müller', '\u0000'.repeat(8)
  ]
  const sids = ['', '.', '..', `${sid}/`, `${sid}#`, `${sid}?`, `${sid}\n`, ` ${sid}`, sid.slice(1), `YC${sid.slice(2)}`, `yf${sid.slice(2)}`]
  for (const twilioIdentity of identities) {
    await t.rejects(app.totp.adopt({ identity: 'alice', twilioIdentity, twilioFactorSid: sid }), { code: 'FST_ERR_VALIDATION', message: /^a factor at Twilio is named by/ }, twilioIdentity)
  }
  for (const twilioFactorSid of sids) {
    await t.rejects(app.totp.adopt({ identity: 'alice', twilioIdentity: 'somebody', twilioFactorSid }), { code: 'FST_ERR_VALIDATION', message: /^a factor at Twilio is named by/ }, twilioFactorSid)
  }
  t.strictSame(server.log, [])
})

t.test('an adoption takes a usable identity', async t => {
  const { app, server } = await there(t)
  const given = already(server)
  for (const identity of ['', untyped(undefined), 'x'.repeat(257), '\ud800', 'a\u0000b']) {
    await t.rejects(app.totp.adopt({ identity, ...given }), { code: 'ERR_TOTP_UNIDENTIFIED' })
  }
  await t.rejects(app.totp.adopt({ identity: untyped(7), ...given }), { code: 'ERR_TOTP_IDENTITY' })
  t.strictSame(server.log, [])
})

t.test('an adoption takes a configured service, by its sid if there are several', async t => {
  const [one, two] = [await hostile(t), await hostile(t)]
  const { app } = await site(t, {
    totp: { provider: providerAt(one), formerProviders: [providerAt(two)] }
  })
  const given = already(two)
  await t.rejects(app.totp.adopt({ identity: 'alice', ...given }), { code: 'FST_ERR_VALIDATION' })
  await t.rejects(app.totp.adopt({ identity: 'alice', ...given, serviceSid: sidOf('VA') }), { code: 'FST_ERR_VALIDATION' })
  t.ok(await app.totp.adopt({ identity: 'alice', ...given, serviceSid: two.serviceSid }))
  t.strictSame(one.log, [])
  const embedded = await site(t)
  await t.rejects(embedded.app.totp.adopt({ identity: 'alice', ...given }), { code: 'FST_ERR_VALIDATION' })
})

t.test('adoption stops at the limit of factors', async t => {
  const { app, server, login } = await there(t, { totp: { maxFactors: 2 } })
  await enrolledThere(await login('alice'))
  const given = already(server)
  await app.totp.adopt({ identity: 'alice', ...given })
  await t.rejects(app.totp.adopt({ identity: 'alice', ...already(server) }), { code: 'ERR_TOTP_FACTOR_LIMIT' })
  t.ok(await app.totp.adopt({ identity: 'alice', ...given }), 'a stored document is no excuse')
})

t.test('many factors are adopted, a few at a time, and a repetition tries those that failed again', async t => {
  const { app, server } = await there(t)
  const adoptions = Array.from({ length: 30 }, (_, index) => ({ identity: `user ${index}`, ...already(server) }))
  let [requests, atOnce, most] = [0, 0, 0]
  server.answer('fetch', async usual => {
    most = Math.max(most, ++atOnce)
    await turn()
    atOnce--
    return ++requests % 7 === 0 ? refusal(429, 20429) : usual
  })
  const first = await all(app.totp.adoptAll(adoptions))
  t.strictSame(first.map(({ adoption }) => adoption), adoptions, 'in the order in which they were given')
  const failed = first.filter(({ factor }) => factor === null)
  t.equal(failed.length, 4)
  t.match(failed, Array.from({ length: 4 }, () => ({ error: { code: 'ERR_TOTP_LOCKED' } })))
  t.ok(most > 1 && most <= 8, `${most} at once`)
  server.mend()
  async function * source () { yield * adoptions }
  const second = await all(app.totp.adoptAll(source()))
  t.strictSame(second.filter(({ factor }) => factor === null), [])
  for (const [index, { factor }] of first.entries()) {
    if (factor !== null) t.equal(second[index]?.factor?.sid, factor.sid)
  }
})

t.test('a list that fails stops the adoptions, and keeps those that are done', async t => {
  const { app, server, store } = await there(t)
  async function * source () {
    for (let index = 0; index < 8; index++) yield { identity: `user ${index}`, ...already(server) }
    throw new Error('the file ends here')
  }
  await t.rejects(all(app.totp.adoptAll(source())), { message: 'the file ends here' })
  t.ok(await store.get('identity:user 0'))
})

async function all (adopted: AsyncIterable<Adopted>): Promise<Adopted[]> {
  const list: Adopted[] = []
  for await (const one of adopted) list.push(one)
  return list
}

t.test('an adoption with an unknown argument is refused, and an import keeps to the limits of Twilio', async t => {
  const { app, server } = await there(t)
  const adoption = { identity: 'alice', ...already(server), force: true }
  await t.rejects(app.totp.adopt(adoption), { code: 'ERR_TOTP_INVALID_OPTION', message: /"adopt\.force" is unknown/ })
  for await (const { factor, error } of app.totp.adoptAll([adoption])) {
    t.equal(factor, null)
    t.match(error, { code: 'ERR_TOTP_INVALID_OPTION' })
  }
  const operator = { identity: 'alice', operator: true } as const
  const config = { alg: 'sha1', codeLength: 6, timeStep: 90 } as const
  await t.rejects(app.totp.enroll(operator, { friendlyName: 'imported', config }),
    { code: 'ERR_TOTP_INVALID_OPTION', message: /config\.timeStep/ })
  t.strictSame(server.asked('enroll'), [])
})
