import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { gate } from '../gate.js'
import { isEmbedded, site } from '../site.js'

/** A logger, and the lines that it writes. */
function logger () {
  const lines: Array<Record<string, unknown>> = []
  const write = (line: unknown, _encoding: unknown, done: () => void) => {
    lines.push(JSON.parse(String(line)))
    done()
  }
  return { lines, options: { level: 'info', stream: new Writable({ write }) } }
}

t.test('an event says who acted, and the context that the request had', async t => {
  const context = ({ method, url }: FastifyRequest) => `${method} ${url}`
  const { app, login, events, now } = await site(t, { totp: { context } })
  const alice = await login('alice')
  const { sid, wrongCode } = await alice.enrollVerified(now())
  await alice.challenge(wrongCode(now()))
  await app.totp.revoke('alice')
  await app.totp.challenge({ identity: 'alice', operator: true }, { code: wrongCode(now()) }).catch(() => {})
  const job = { identity: 'alice', session: { mark: null, began: now() } }
  await app.totp.challenge(job, { code: wrongCode(now()) }).catch(() => {})
  await app.totp.challenge({ ...job, context: 'own' }, { code: wrongCode(now()) }).catch(() => {})
  await nextTurn()
  t.same(events.map(({ type, actor, context }) => [type, actor, context]), [
    ['factor.created', 'user', 'POST /totp/factors'],
    ['factor.verified', 'user', `POST /totp/factors/${sid}/verify`],
    ['recovery.created', 'user', `POST /totp/factors/${sid}/verify`],
    ['challenge.denied', 'user', 'POST /totp/challenges'],
    ['identity.revoked', 'operator', null],
    ['challenge.denied', 'operator', null],
    ['challenge.denied', 'user', null],
    ['challenge.denied', 'user', 'own']
  ])
})

t.test('a guard\'s event and one about a document that doesn\'t fit say it, too', async t => {
  const { login, events, store } = await site(t, {
    totp: { context: ({ url }) => url },
    routes: app => {
      app.get('/open', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async () => ({}))
    }
  })
  const alice = await login('alice')
  t.match(await alice.get('/open'), { status: 200 })
  await alice.enroll()
  const entity = await store.get('identity:alice')
  if (entity === null) throw new Error('it was just written')
  const foreign = { ...entity, identity: 'bob', revision: entity.revision + 1 }
  await store.replace('identity:alice', entity.revision, foreign)
  t.match(await alice.get('/open'), { status: 503 })
  await nextTurn()
  t.match(events[0], { type: 'guard.unenrolled', actor: 'user', context: '/open' })
  t.match(events.at(-1), { type: 'document.refused', actor: 'user', context: '/open' })
})

t.test('a context that fails is logged, gives null, and fails no request', async t => {
  const failing: Array<[context: () => unknown, message: RegExp]> = [
    [() => { throw new Error('lost postgres://totp:hunter2@db') }, /^lost postgres:\/\/…@db$/],
    [async () => 'late', /returned a promise/],
    [async () => { throw new Error('late') }, /returned a promise/]
  ]
  for (const [context, message] of failing) {
    const { lines, options } = logger()
    const { login, events } = await site(t, { totp: { context }, server: { logger: options } })
    await (await login('alice')).enroll()
    await nextTurn()
    t.match(events, [{ type: 'factor.created', context: null }])
    t.match(lines.find(({ msg }) => msg === 'totp: context failed'), { err: { message } })
  }
})

t.test('a reset tells of each factor that it removes', async t => {
  const { app, login, events, now, wait } = await site(t)
  const alice = await login('alice')
  const [one, two] = [await alice.enrollVerified(now()), await alice.enrollVerified(now())]
  const draft = await alice.enroll()
  await app.totp.reset('alice')
  await nextTurn()
  const told = (from: number) =>
    events.slice(from).map(({ type, factorSid, actor }) => [type, factorSid, actor])
  t.same(told(-4), [
    ['identity.reset', null, 'operator'],
    ...[one, two, draft].map(({ sid }) => ['factor.deleted', sid, 'operator'])
  ])
  await alice.enroll()
  wait(601)
  await app.totp.reset('alice')
  await nextTurn()
  t.same(told(-1), [['identity.reset', null, 'operator']], 'an expired enrollment has ended before')
  const before = events.length
  await app.totp.reset('alice')
  await nextTurn()
  t.equal(events.length, before, 'nothing is kept, so nothing is told')
})

t.test('the diagnostics channel names the entity, never the identity, nor who issued a pass', async t => {
  const messages: unknown[] = []
  const subscriber = (message: unknown) => { messages.push(message) }
  subscribe('fastify-verify-totp:event', subscriber)
  t.teardown(() => unsubscribe('fastify-verify-totp:event', subscriber))
  const { app, login, store, now } = await site(t, {
    totp: { context: ({ ip }) => ip },
    routes: app => {
      app.get('/open', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async () => ({}))
    }
  })
  const alice = await login('alice')
  await alice.get('/open')
  const { sid: factorSid, wrongCode } = await alice.enrollVerified(now())
  const entitySid = (await store.get('identity:alice'))?.sid
  await alice.challenge(wrongCode(now()))
  await app.totp.pass('alice', { by: 'Carol of support' })
  await app.totp.reset('alice')
  await nextTurn()
  const at = now()
  t.strictSame(messages, [
    { type: 'guard.unenrolled', entitySid: null, factorSid: null, method: null, at, actor: 'user' },
    { type: 'factor.created', entitySid, factorSid, method: null, at, actor: 'user' },
    { type: 'factor.verified', entitySid, factorSid, method: 'totp', at, actor: 'user' },
    { type: 'recovery.created', entitySid, factorSid: null, method: null, at, actor: 'user' },
    { type: 'challenge.denied', entitySid, factorSid: isEmbedded() ? null : factorSid, method: 'totp', at, actor: 'user' },
    { type: 'pass.issued', entitySid, factorSid: null, method: 'pass', at, actor: 'operator' },
    { type: 'identity.reset', entitySid, factorSid: null, method: null, at, actor: 'operator' },
    { type: 'factor.deleted', entitySid, factorSid, method: null, at, actor: 'operator' }
  ])
})

t.test('closing the server waits for listeners under way', async t => {
  const held = gate()
  const done: string[] = []
  const { app, login } = await site(t, {
    totp: {
      timeout: 60,
      onEvent: async () => {
        await held.passed
        done.push('told')
      }
    }
  })
  const alice = await login('alice')
  await alice.enroll()
  await alice.enroll()
  const closed = app.close().then(() => { done.push('closed') })
  await nextTurn()
  held.open()
  await closed
  t.same(done, ['told', 'told', 'closed'])
})

t.test('a listener that hangs is logged when the server closes', async t => {
  const { lines, options } = logger()
  const { app, login } = await site(t, {
    totp: { timeout: 1, onEvent: async () => await new Promise(() => {}) },
    server: { logger: options }
  })
  await (await login('alice')).enroll()
  await app.close()
  t.match(lines.at(-1), { level: 50, msg: 'totp: closed while onEvent was still handling 1 events' })
})

t.test('log lines of denials and locks name the entity; no answer does', async t => {
  const { lines, options } = logger()
  const { app, login, store, now } = await site(t, {
    totp: { attempts: { lockAfter: 2, disableAfter: 3 } },
    server: { logger: options }
  })
  const alice = await login('alice')
  const { wrongCode } = await alice.enrollVerified(now())
  await app.totp.revoke('alice')
  const entitySid = (await store.get('identity:alice'))?.sid
  const answers = [
    await alice.challenge(wrongCode(now())),
    await alice.challenge(wrongCode(now())),
    await alice.challenge(wrongCode(now())),
    await alice.vault()
  ]
  const names = ['ChallengeDeniedError', 'ChallengeDeniedError', 'LockedError', 'LockedError']
  const logged = lines.filter(({ err }) => err !== undefined)
  t.match(logged, names.map(type => ({ level: 30, err: { type, entitySid } })))
  for (const line of lines) t.notMatch(JSON.stringify(line), 'alice')
  for (const { text, headers } of answers) t.notMatch(text + JSON.stringify(headers), entitySid)
  const refusal = await app.totp.challenge({ identity: 'alice', operator: true }, { code: wrongCode(now()) })
    .catch((error: unknown) => error)
  t.match(refusal, { code: 'ERR_TOTP_LOCKED', entitySid })
  t.notMatch(JSON.stringify({ ...Object(refusal) }) + JSON.stringify(refusal), entitySid)
})
