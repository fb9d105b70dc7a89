import { TOTP } from 'otpauth'
import t from 'tap'
import { untyped } from '../untyped.js'
import { site } from '../site.js'
import { rig } from './rig.js'

const START = 1_800_000_000
const OPERATOR = { identity: 'alice', operator: true } as const
const SESSION = { identity: 'alice', session: { mark: null, began: START } }
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA'
const CONFIG = { alg: 'sha256', codeLength: 8, timeStep: 60 } as const

t.test('an operator imports a secret with the parameters of the other system', async t => {
  const made = rig(START)
  const verifier = made.instance()
  const { factor, uri } = await verifier.enroll(OPERATOR, { friendlyName: 'imported', secret: SECRET, config: CONFIG })
  t.same(factor.config, { ...CONFIG, skew: 1 }, 'skew is that of the site')
  t.match(uri, /algorithm=SHA256&digits=8&period=60/)
  const app = new TOTP({ secret: SECRET, algorithm: 'SHA256', digits: 8, period: 60 })
  const first = app.generate({ timestamp: START * 1000 })
  t.match(await verifier.verify(OPERATOR, factor.sid, first), { factor: { sid: factor.sid } })
  made.time += 60
  const code = app.generate({ timestamp: made.time * 1000 })
  t.match(await verifier.challenge(OPERATOR, { code }), { status: 'approved', factorSid: factor.sid })
  const strict = await verifier.enroll(OPERATOR, { account: 'alice', config: { ...CONFIG, skew: 0 } })
  t.equal(strict.factor.config.skew, 0)
})

t.test('the parameters of an import are checked, and are for operators', async t => {
  const { store, ...made } = rig(START)
  const verifier = made.instance()
  for (const [config, named] of [
    [{ ...CONFIG, codeLength: 5 }, 'enroll.config.codeLength'], [{ ...CONFIG, codeLength: 9 }, 'enroll.config.codeLength'],
    [{ ...CONFIG, timeStep: 14 }, 'enroll.config.timeStep'], [{ ...CONFIG, timeStep: 121 }, 'enroll.config.timeStep'],
    [{ ...CONFIG, alg: 'md5' }, 'enroll.config.alg'], [{ ...CONFIG, alg: 'SHA256' }, 'enroll.config.alg'],
    [{ ...CONFIG, skew: 2 }, 'enroll.config.skew'], [{ ...CONFIG, digits: 8 }, 'enroll.config.digits'],
    [{ alg: 'sha256', codeLength: 8 }, 'enroll.config.timeStep'], [{}, 'enroll.config.alg'], [null, 'enroll.config'],
    ['sha256', 'enroll.config']
  ] as const) {
    const imported = verifier.enroll(OPERATOR, untyped({ friendlyName: 'imported', secret: SECRET, config }))
    await t.rejects(imported, { code: 'ERR_TOTP_INVALID_OPTION', message: new RegExp(`"${named}"`) }, JSON.stringify(config))
  }
  await t.rejects(verifier.enroll(SESSION, { friendlyName: 'mine', config: CONFIG }),
    { code: 'ERR_TOTP_INVALID_OPTION', message: /"enroll\.config" is for operators/ })
  t.equal(await store.get('identity:alice'), null, 'nothing was written')
})

t.test('arguments that no method knows are refused', async t => {
  const { store, ...made } = rig(START)
  const verifier = made.instance()
  for (const options of [
    { friendlyName: 'x', digits: 8 }, { friendlyName: 'x', Secret: SECRET }, { friendlyName: 'x', issuer: 'Evil' },
    { friendlyName: 'x', constructor: 1 }, { friendlyName: 'x', ...JSON.parse('{"__proto__":1}') }
  ]) {
    await t.rejects(verifier.enroll(OPERATOR, untyped(options)), { code: 'ERR_TOTP_INVALID_OPTION', message: /is unknown/ })
  }
  for (const options of [null, 'x', 5, []]) {
    await t.rejects(verifier.enroll(OPERATOR, untyped(options)), { code: 'ERR_TOTP_INVALID_OPTION' })
  }
  await t.rejects(verifier.challenge(SESSION, untyped({ code: '123456', force: true })),
    { code: 'FST_ERR_VALIDATION', statusCode: 400 }, 'a server may pass on what its client sent')
  await t.rejects(verifier.check(SESSION, untyped({ maxage: 60 })), { message: /"required\.maxage" is unknown/ })
  await t.rejects(verifier.check(SESSION, untyped({ unenrolled: true })), { code: 'ERR_TOTP_INVALID_OPTION' })
  await t.rejects(verifier.check(SESSION, { maxAge: 0 }), { code: 'ERR_TOTP_INVALID_OPTION' })
  await t.rejects(verifier.adopt(untyped({ identity: 'alice', twilioIdentity: 'a', twilioFactorSid: 'YF', force: true })),
    { message: /"adopt\.force" is unknown/ })
  await t.rejects(verifier.factors(untyped({ ...SESSION, operator: true })), TypeError, 'a caller is one or the other')
  t.equal(await store.get('identity:alice'), null, 'nothing was written')
})

t.test('an account name is made to fit, and a typed name is refused', async t => {
  const verifier = rig(START).instance()
  const long = `${'a'.repeat(70)}@example.com`
  for (const [account, name] of [
    ['alice@example.com', 'alice@example.com'], [long, long.slice(0, 64)], ['a:b', 'a_b'], ['\u200b', 'Acme'], [null, 'Acme']
  ] as const) {
    const { factor, uri } = await verifier.enroll({ ...SESSION, identity: `user of ${name}` }, { account })
    t.equal(factor.friendlyName, name)
    t.equal(decodeURIComponent(new URL(uri).pathname), `/Acme:${name}`)
  }
  const { factor, uri } = await verifier.enroll(SESSION, { friendlyName: 'Phone', account: 'a:lice' })
  t.equal(factor.friendlyName, 'Phone')
  t.equal(decodeURIComponent(new URL(uri).pathname), '/Acme:a_lice (Phone)')
  await t.rejects(verifier.enroll(SESSION, { friendlyName: 'a:b', account: 'alice' }), { code: 'FST_ERR_VALIDATION' })
  await t.rejects(verifier.enroll(SESSION, untyped({ account: 5 })), { code: 'ERR_TOTP_INVALID_OPTION' })
})

t.test('a document with a name of an earlier time can still be read', async t => {
  const { login, store, now } = await site(t)
  const alice = await login('alice')
  await alice.enrollVerified(now(), 'phone')
  const entity = await store.get('identity:alice')
  if (entity === null) throw new Error('nothing is kept')
  const factors = entity.factors.map(factor => ({ ...factor, friendlyName: '\u200b' }))
  await store.replace('identity:alice', entity.revision, { ...entity, revision: entity.revision + 1, factors })
  t.match(await alice.vault(), { status: 200 })
})

t.test('the first code of a phone whose clock is wrong counts as a wrong one, and says how wrong the clock is', async t => {
  const { login, now, wait, events } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enroll()
  for (const off of [300, -300, 60, -60]) {
    const refused = await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now() + off) })
    t.match(refused, { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED', text: /Your phone's clock is wrong/ }, `${off} s`)
    t.notMatch(refused.text, /clockOff/)
  }
  const far = await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now() + 3600) })
  t.match(far, { status: 403, text: /Wait for the next one/ })
  t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) }), { status: 404 },
    'the fifth wrong code ended the enrollment')
  t.equal(events.filter(({ type }) => type === 'challenge.denied').length, 5)

  const again = await alice.enrollVerified(now())
  wait(300)
  for (const off of [-300, 300]) {
    const refused = await alice.challenge(again.code(now() + off))
    t.match(refused, { status: 403, text: /Wait for the next one/ }, 'a challenge never tells')
  }
})

t.test('nothing is burnt by the code of a clock that is wrong', async t => {
  const made = rig(START)
  const verifier = made.instance()
  const { factor, secret, mark } = await verifier.enroll(SESSION, { account: null })
  const caller = { ...SESSION, session: { mark, began: START } }
  const app = new TOTP({ secret })
  const code = app.generate({ timestamp: (START + 300) * 1000 })
  const refused = await verifier.verify(caller, factor.sid, code).catch((error: unknown) => error)
  t.match(refused, { code: 'ERR_TOTP_CHALLENGE_DENIED', clockOff: 300 })
  made.time += 300
  t.match(await verifier.verify(caller, factor.sid, code), { factor: { status: 'verified' } })
})
