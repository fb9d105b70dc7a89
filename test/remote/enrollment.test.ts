import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { encodeSecret } from '../../src/otp/secret.js'
import { deadlines } from '../deadlines.js'
import type { Visitor } from '../visitor.js'
import { but, refusal, sidOf } from './hostile.js'
import {
  arrived, codeOf, enrolledThere, FIRST, hold, kept, RIGHT, there, verifyThere, WRONG, type There
} from './there.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }
const UNAVAILABLE = { status: 503, code: 'ERR_TOTP_PROVIDER' }
const GONE = { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }
/** Something that happens while Twilio is asked about a first code. */
interface Meanwhile extends There {
  readonly alice: Visitor
  readonly sid: string
  readonly identity: string
}

const OPERATOR = { identity: 'alice', operator: true } as const

t.test('Twilio receives the sid of the entity, never the identity', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const [enroll] = server.asked('enroll')
  t.equal(enroll?.identity, (await kept(store)).sid)
  t.match(enroll?.form, {
    FriendlyName: 'Acme',
    FactorType: 'totp',
    'Config.Alg': 'sha1',
    'Config.TimeStep': '30',
    'Config.Skew': '1',
    'Config.CodeLength': '6'
  })
  t.notOk('Binding.Secret' in Object(enroll?.form))
})

t.test('Twilio is asked about one first code at a time', async t => {
  const { login, server } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  const held = hold(server, 'verify')
  const answer = verifyThere(alice.copy(), sid, WRONG)
  await arrived(server, 'verify', 1)
  t.match(await verifyThere(alice, sid, FIRST), {
    status: 503, code: 'ERR_TOTP_CONFLICT', headers: { 'retry-after': '1' }
  })
  t.equal(server.asked('verify').length, 1)
  held.open()
  t.match(await answer, DENIED)
  t.match(await verifyThere(alice, sid, FIRST), { status: 200 })
})

t.test('a first code with an unknown outcome ends the enrollment, because Twilio accepts any code once a factor is verified', async t => {
  const { login, server, store } = await there(t)
  server.whenHung = deadlines(t).pass
  for (const instead of ['reset', 'cut', 'hang', refusal(500, 20500), refusal(403, 60999), { status: 200, body: '<html>' }] as const) {
    const identity = JSON.stringify(instead)
    const alice = await login(identity)
    const { sid } = await alice.enroll()
    server.answer('verify', instead)
    t.match(await verifyThere(alice, sid, RIGHT), UNAVAILABLE, identity)
    const before = server.asked('verify').length
    server.answer('verify', but({ status: 'verified' }))
    t.match(await verifyThere(alice, sid, WRONG), GONE, identity)
    t.match(await verifyThere(alice, sid, RIGHT), GONE, identity)
    t.equal(server.asked('verify').length, before)
    t.match(await kept(store, identity), {
      factors: { length: 0 }, unverified: null, leftovers: { length: 0 }, enrolledAt: { length: 1 }
    }, 'and nothing is left of it but its count')
    t.equal(server.factors.size, 0, 'nor at Twilio')
  }
})

t.test('the refusal says when Twilio has ended an enrollment', async t => {
  const { login, server } = await there(t)
  const refusals = [refusal(429, 60310), refusal(404, 20404), refusal(400, 60383), refusal(404, 60390)]
  for (const instead of refusals) {
    const identity = JSON.stringify(instead)
    const alice = await login(identity)
    const { sid } = await alice.enroll()
    server.answer('verify', instead)
    const answer = await verifyThere(alice, sid, RIGHT)
    t.match(answer, GONE, identity)
    t.match(answer.text, 'enroll again')
    server.mend()
    const before = server.asked('verify').length
    t.match(await verifyThere(alice, sid, RIGHT), GONE)
    t.equal(server.asked('verify').length, before)
  }
})

t.test('five wrong first codes end the enrollment, and count nowhere else', async t => {
  const { login, server, store } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  const texts = new Set<string>()
  for (const instead of [null, refusal(403, 60311), refusal(403, 60324), null, null]) {
    if (instead === null) server.mend()
    else server.answer('verify', instead)
    const answer = await verifyThere(alice, sid, WRONG)
    t.match(answer, DENIED)
    texts.add(answer.text)
  }
  t.equal(texts.size, 1)
  t.match(await verifyThere(alice, sid, FIRST), GONE)
  t.equal(server.asked('verify').length, 5)
  t.match((await kept(store)).attempts, { failures: 0, unknown: 0, tally: 0, lockedAt: null })
})

t.test('a first code that was certainly not judged isn\'t counted', async t => {
  const { login, server } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  for (let i = 0; i < 7; i++) {
    server.answer('verify', i % 2 === 0 ? refusal(429, 20429) : refusal(401, 20003))
    t.match(await verifyThere(alice, sid, RIGHT), i % 2 === 0 ? LOCKED : UNAVAILABLE)
  }
  server.mend()
  for (let i = 0; i < 4; i++) t.match(await verifyThere(alice, sid, WRONG), DENIED)
  t.match(await verifyThere(alice, sid, FIRST), { status: 200 })
})

t.test('a right first code verifies nothing after the factor was removed, replaced or revoked meanwhile', async t => {
  const meanwhiles: Record<string, (made: Meanwhile) => Promise<unknown>> = {
    removed: async ({ alice, sid }) => await alice.delete(`/totp/factors/${sid}`),
    replaced: async ({ alice }) => await alice.enroll(),
    revoked: async ({ app, identity }) => await app.totp.revoke(identity),
    reset: async ({ app, identity }) => await app.totp.reset(identity),
    'no longer of this session': async ({ alice }) => await alice.delete('/totp/approval'),
    expired: async ({ wait }) => wait(601)
  }
  const made = await there(t)
  const { login, server, store } = made
  for (const [identity, meanwhile] of Object.entries(meanwhiles)) {
    const alice = await login(identity)
    const { sid } = await alice.enroll()
    const before = server.asked('verify').length
    const held = hold(server, 'verify')
    const other = alice.copy()
    const answer = verifyThere(alice, sid, FIRST)
    await arrived(server, 'verify', before + 1)
    await meanwhile({ ...made, alice: other, sid, identity })
    held.open()
    t.match(await answer, GONE, identity)
    t.match(await other.vault(), { status: 403 }, identity)
    t.match((await store.get(`identity:${identity}`))?.factors ?? [], { length: 0 }, identity)
    if (identity.startsWith('no longer')) {
      t.match(await kept(store, identity), { unverified: null, leftovers: { length: 0 } })
      t.equal(server.asked('remove').length > 0, true, 'nor does Twilio keep it')
    }
    server.mend()
  }
})

t.test('a right first code verifies nothing once the limit of factors is reached', async t => {
  const { login, server, app, store } = await there(t, { totp: { maxFactors: 1 } })
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  const held = hold(server, 'verify')
  const answer = app.totp.verify(OPERATOR, sid, FIRST)
  await arrived(server, 'verify', 1)
  const [there1, twilioIdentity] = [sidOf('YF'), 'somebody-else']
  server.factors.set(there1, {
    identity: twilioIdentity,
    friendlyName: 'phone',
    status: 'verified',
    config: { alg: 'sha1', code_length: 6, time_step: 30, skew: 1 },
    dateCreated: '2020-01-01T00:00:00Z'
  })
  t.ok(await app.totp.adopt({ identity: 'alice', twilioIdentity, twilioFactorSid: there1 }))
  held.open()
  await t.rejects(answer, { code: 'ERR_TOTP_FACTOR_NOT_FOUND' }, 'a first verified factor voids what was enrolled')
  t.match(await kept(store), { factors: { length: 1 } })
})

t.test('a right first code verifies nothing once the approval is no longer fresh', async t => {
  const { login, server, wait, store } = await there(t)
  const alice = await login('alice')
  await enrolledThere(alice)
  const { sid } = await alice.enroll()
  const held = hold(server, 'verify')
  const answer = verifyThere(alice, sid, FIRST)
  await arrived(server, 'verify', 2)
  wait(301)
  held.open()
  t.match(await answer, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await kept(store), { factors: { length: 1 }, unverified: null, leftovers: { length: 0 } })
  t.equal(server.factors.size, 1, 'nor does Twilio keep it')
})

t.test('Twilio\'s refusals to create a factor are answered with errors of ours', async t => {
  const { login, server, app } = await there(t)
  const alice = await login('alice')
  for (const [instead, expected] of [
    [refusal(400, 60315), { status: 409, code: 'ERR_TOTP_FACTOR_LIMIT' }],
    [refusal(429, 60326), { ...LOCKED, headers: { 'retry-after': '86400' } }],
    [refusal(429, 20429), { ...LOCKED, headers: { 'retry-after': '1' } }],
    [refusal(401, 20003), UNAVAILABLE],
    [refusal(500, 20500), UNAVAILABLE]
  ] as const) {
    server.answer('enroll', instead)
    t.match(await alice.post('/totp/factors', {}), expected)
  }
  const secret = encodeSecret(Buffer.from('twenty bytes of text'))
  for (const code of [60314, 60317]) {
    server.answer('enroll', refusal(code === 60317 ? 409 : 400, code))
    const refused = { code: 'FST_ERR_VALIDATION', message: /^secret / }
    await t.rejects(app.totp.enroll(OPERATOR, { friendlyName: 'imported', secret }), refused)
  }
})

t.test('a server that never answers leaves no factor', async t => {
  const { login, server, store } = await there(t)
  server.whenHung = deadlines(t).pass
  const alice = await login('alice')
  server.answer('enroll', 'hang')
  t.match(await alice.post('/totp/factors', {}), UNAVAILABLE)
  t.match(await kept(store), { unverified: null })
})

t.test('a factor created for an entity that was replaced meanwhile is not used', async t => {
  const { login, server, app, store } = await there(t)
  const alice = await login('alice')
  const held = hold(server, 'enroll')
  const answer = alice.post('/totp/factors', {})
  await arrived(server, 'enroll', 1)
  await app.totp.reset('alice')
  held.open()
  t.match(await answer, { status: 503, code: 'ERR_TOTP_CONFLICT' })
  t.equal(await store.get('identity:alice'), null)
})

t.test('a given secret goes to Twilio in one spelling', async t => {
  const { app, server, login } = await there(t)
  const secret = encodeSecret(Buffer.from('twenty bytes of text'))
  const enrolled = await app.totp.enroll(OPERATOR, { friendlyName: 'imported', secret: secret.toLowerCase() })
  t.equal(server.asked('enroll')[0]?.form['Binding.Secret'], secret)
  t.equal(enrolled.secret, secret)
  await app.totp.verify(OPERATOR, enrolled.factor.sid, FIRST)
  t.match(await (await login('alice')).challenge(RIGHT), { status: 200 })
  await t.rejects(app.totp.enroll(OPERATOR, { friendlyName: 'imported', secret: 'short' }), { code: 'FST_ERR_VALIDATION' })
  t.equal(server.asked('enroll').length, 1)

  const other = encodeSecret(Buffer.from('bytes of another one'))
  server.answer('enroll', but({ binding: { secret: other, uri: `otpauth://totp/Acme:x?secret=${other}` } }))
  await t.rejects(app.totp.enroll(OPERATOR, { friendlyName: 'imported', secret }), { code: 'ERR_TOTP_PROVIDER' })
})

t.test('an event reports each change of a factor', async t => {
  const { login, events } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  await verifyThere(alice, sid, codeOf(3))
  await verifyThere(alice, sid)
  await turn()
  t.match(events, [
    { type: 'factor.created', factorSid: sid },
    { type: 'challenge.denied', factorSid: sid },
    { type: 'factor.verified', factorSid: sid }
  ])
})
