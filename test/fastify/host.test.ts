import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import auth from '@fastify/auth'
import secureSessionPlugin from '@fastify/secure-session'
import Fastify, { type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { newMark } from '../../src/entity/mark.js'
import { memoryStore, secureSessionNamed, verifyTotp } from '../../src/index.js'
import { authenticator } from '../authenticator.js'
import { deadlines } from '../deadlines.js'
import { faultyStore } from '../faulty-store.js'
import { gate } from '../gate.js'
import { KEY, site } from '../site.js'
import { untyped } from '../untyped.js'
import { visitor } from '../visitor.js'

/* What hosts do around the plugin: authenticators, slow bodies, proxies, several sessions. */

declare module 'fastify' {
  interface FastifyRequest {
    member?: { readonly id: string } | undefined
    login: { get (name: string): unknown, set (name: string, value: unknown): void }
  }
}

t.test('a user whom an authenticator names in preValidation is known to endpoints and guard', async t => {
  for (const identify of [
    (request: FastifyRequest) => request.member?.id,
    // Before the authenticator has run, this throws.
    (request: FastifyRequest) => Object(request.member).id.toString()
  ]) {
    const { visitor, now } = await site(t, {
      totp: { identify },
      host (app) {
        app.decorateRequest('member', undefined)
        app.addHook('preValidation', async request => {
          const { member } = request.headers
          request.member = typeof member === 'string' ? { id: member } : undefined
        })
      }
    })
    const alice = visitor()
    const send = async (method: 'GET' | 'POST', url: string, body?: unknown) =>
      await alice.request(method, url, body, { member: 'alice' })
    const { factor } = (await send('POST', '/totp/factors', {})).json()
    t.ok(factor.sid)
    t.match(await send('GET', '/vault'), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    t.match(await alice.request('POST', '/totp/factors', {}), { status: identify.length === 1 ? /401|500/ : 401 })
    t.ok(now() > 0)
  }
})

t.test('strangers aren\'t told what is wrong with their body', async t => {
  const { visitor } = await site(t)
  for (const body of ['{', '', '[]', '{"code":1}']) {
    t.match(await visitor().request('POST', '/totp/challenges', body), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  }
})

t.test('an empty body is no body, whatever type it has', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  for (const body of ['', ' \n']) t.match(await alice.request('POST', '/totp/factors', body), { status: 201 })
  const factor = await alice.enrollVerified(now())
  t.match(await alice.request('DELETE', '/totp/approval', ''), { status: 204 })
  t.match(await alice.challenge(factor.code(now() + 30)), { status: 200 })
  t.match(await alice.request('DELETE', `/totp/factors/${factor.sid}`, ''), { status: 204 })
})

t.test('a guard before the body decides again when the body is there', async t => {
  const { pass } = deadlines(t)
  const handled: string[] = []
  const { app, login, now } = await site(t, {
    totp: { timeout: 60 },
    routes (app) {
      app.post('/early', { onRequest: app.totp.required() }, async request => {
        handled.push(String(request.totp?.factorSid))
        return { vault: 'gold' }
      })
    }
  })
  const port = Number(new URL(await app.listen({ port: 0 })).port)
  const alice = await login('alice')
  const { sid } = await alice.enrollVerified(now())

  const kept = await slowPost(t, alice.cookieHeader())
  pass()
  t.match(await kept.finish(), /^HTTP\/1.1 200/, 'an approval that stays counts')
  t.same(handled, [sid])

  const lost = await slowPost(t, alice.cookieHeader())
  await app.totp.revoke('alice')
  pass()
  t.match(await lost.finish(), /^HTTP\/1.1 403/)
  t.same(handled, [sid])

  async function slowPost (t: Test, cookie: string) {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    const guarded = once(app.server, 'request')
    socket.write('POST /early HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
      `content-length: 2\r\ncookie: ${cookie}\r\nconnection: close\r\n\r\n`)
    await guarded
    // The guard has read the store by then.
    await app.inject('/healthz')
    return { finish: async () => await answerTo(socket) }
  }
})

async function answerTo (socket: Socket): Promise<string> {
  let answer = ''
  socket.on('data', chunk => { answer += chunk })
  socket.write('{}')
  await once(socket, 'end')
  return answer
}

t.test('a request that began before a withdrawal is refused, however long a hook of the host took', async t => {
  const { pass } = deadlines(t)
  const [reached, opened] = [gate(), gate()]
  const app = Fastify()
  t.teardown(async () => await app.close())
  const marks = new Map<string, string>()
  let time = 1_800_000_000
  app.addHook('onRequest', async request => {
    if (request.headers['x-slow'] === undefined) return
    reached.open()
    await opened.passed
  })
  await app.register(verifyTotp, {
    issuer: 'Acme',
    keys: [KEY],
    store: memoryStore(),
    clock: () => time,
    identify: () => 'alice',
    session: {
      // Sessions that were read when the request arrived, as those in cookies are.
      read: request => request.headers['x-mark'] ?? marks.get('alice'),
      write: (_request, _reply, mark) => { marks.set('alice', mark) }
    }
  })
  const alice = visitor(app)
  const factor = await alice.enrollVerified(time)
  time += 90
  const old = marks.get('alice') ?? ''
  const slow = alice.request('POST', '/totp/challenges', { code: factor.code(time) }, { 'x-slow': 'yes', 'x-mark': old })
  await reached.passed
  t.match(await alice.delete('/totp/approval'), { status: 204 })
  // The hook takes a minute.
  time += 60
  pass()
  opened.open()
  t.match(await slow, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
})

t.test('a request that takes longer than withdrawn marks are kept approves nothing', async t => {
  const { app, login, now, wait } = await site(t)
  const alice = await login('alice')
  const factor = await alice.enrollVerified(now())
  const caller = { identity: 'alice', session: { mark: newMark(), began: now() } }
  wait(3601)
  await t.rejects(app.totp.challenge(caller, { code: factor.code(now()) }), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  const recent = { ...caller, session: { ...caller.session, began: now() - 3600 } }
  t.match(await app.totp.challenge(recent, { code: factor.code(now()) }), { status: 'approved' })
})

t.test('a branch that fails leaves no headers on an answer that another branch let pass', async t => {
  const { login, now } = await site(t, {
    async routes (app) {
      await app.register(auth)
      const pass = async () => {}
      app.get('/either', { preHandler: app.auth([app.totp.required(), pass], { relation: 'or' }) }, async () => 'in')
      app.get('/both', { preHandler: app.auth([app.totp.required(), pass], { relation: 'and' }) }, async () => 'in')
    }
  })
  const alice = await login('alice')
  await alice.enrollVerified(now())
  await alice.delete('/totp/approval')
  const bearer = { authorization: 'Bearer x' }
  const either = await alice.request('GET', '/either', undefined, bearer)
  t.equal(either.status, 200)
  t.equal(either.headers['www-authenticate'], undefined)
  t.equal(either.headers['cache-control'], undefined)
  const both = await alice.request('GET', '/both', undefined, bearer)
  t.match(both, { status: 401, headers: { 'www-authenticate': /^Bearer error=/, 'cache-control': 'no-store' } })
})

t.test('a guard over everything lets strangers pass where it says so, and only them', async t => {
  let identified: unknown
  const { app, visitor } = await site(t, {
    totp: { identify: async () => untyped(identified) },
    routes (app) {
      app.get('/home', { preHandler: app.totp.required({ anonymous: 'allow' }) }, async request => ({ totp: request.totp }))
    }
  })
  for (const nobody of [undefined, null, '']) {
    identified = nobody
    t.match(await visitor().get('/home'), { status: 200 })
    t.match(await visitor().get('/vault'), { status: 401 })
  }
  identified = 'a\0b'
  t.match(await visitor().get('/home'), { status: 401 }, 'an identity that can\'t be one')
  identified = 'alice'
  t.match(await visitor().get('/home'), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  identified = 5
  t.match(await visitor().get('/home'), { status: 500 })
  t.throws(() => app.totp.required({ anonymous: untyped('maybe') }), { code: 'ERR_TOTP_INVALID_OPTION' })
})

t.test('own routes refuse other sites as the plugin\'s do, with one hook', async t => {
  const { login } = await site(t, {
    server: { trustProxy: true },
    routes (app) {
      app.post('/own', { onRequest: app.totp.sameSite() }, async () => ({ done: true }))
    }
  })
  const alice = await login('alice')
  const own = await alice.request('POST', '/own', {}, { origin: 'http://localhost:80', host: 'localhost:80' })
  t.match(own, { status: 200, headers: { 'cache-control': 'no-store' } })
  t.match(await alice.request('POST', '/own', {}, { origin: 'https://evil.example' }),
    { status: 403, code: 'ERR_TOTP_CROSS_SITE', headers: { 'cache-control': 'no-store' } })
  const forwarded = { host: '10.0.0.7', origin: 'https://acme.example', 'x-forwarded-host': 'acme.example' }
  for (const url of ['/own', '/totp/factors']) {
    t.match(await alice.request('POST', url, {}, forwarded), { status: /20[01]/ }, 'the host that a trusted proxy names')
  }
})

t.test('the log says which hosts didn\'t match', async t => {
  const lines: string[] = []
  const { login } = await site(t, {
    server: { logger: { level: 'info', stream: { write: (line: string) => { lines.push(line) } } } }
  })
  const alice = await login('alice')
  await alice.request('POST', '/totp/factors', {}, { origin: 'https://acme.example', host: '10.0.0.7' })
  const line = lines.find(line => line.includes('ERR_TOTP_CROSS_SITE'))
  t.match(line, /origin https:\/\/acme\.example, .* host 10\.0\.0\.7/)
  t.match(line, 'trustedOrigins')
})

t.test('a secure session of another name is named, or the server doesn\'t start', async t => {
  const options = { issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice' }
  const key = Buffer.alloc(32, 7)
  const unnamed = Fastify()
  t.teardown(async () => await unnamed.close())
  await unnamed.register(secureSessionPlugin, { key, sessionName: 'login' })
  await unnamed.register(verifyTotp, options)
  await t.rejects(async () => await unnamed.ready(), { code: 'ERR_TOTP_INVALID_OPTION', message: /secureSessionNamed/ })

  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(secureSessionPlugin, [
    { key, sessionName: 'session', cookieName: 'session' },
    { key: Buffer.alloc(32, 8), sessionName: 'login', cookieName: 'login' }
  ])
  await app.register(verifyTotp, { ...options, session: secureSessionNamed('login') })
  const alice = visitor(app)
  await alice.enroll()
  t.ok(alice.cookies.has('login'))
  t.notOk(alice.cookies.has('session'))
})

t.test('two instances of the plugin in one session have marks of their own', async t => {
  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(secureSessionPlugin, { key: Buffer.alloc(32, 7) })
  const time = 1_800_000_000
  for (const name of ['users', 'admins']) {
    await app.register(async scope => {
      await scope.register(verifyTotp, {
        issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice', clock: () => time, name
      })
      scope.get('/vault', { preHandler: scope.totp.required() }, async () => ({ vault: name }))
    }, { prefix: `/${name}` })
  }
  const alice = visitor(app)
  const codes = new Map<string, string>()
  for (const name of ['users', 'admins']) {
    const { factor, binding } = (await alice.post(`/${name}/totp/factors`, {})).json()
    codes.set(name, authenticator(binding.secret, factor.config).code(time))
    t.match(await alice.post(`/${name}/totp/factors/${factor.sid}/verify`, { code: codes.get(name) }), { status: 200 })
  }
  for (const name of ['users', 'admins']) t.match(await alice.get(`/${name}/vault`), { status: 200 })
  await alice.delete('/admins/totp/approval')
  t.match(await alice.get('/users/vault'), { status: 200 })
  t.match(await alice.get('/admins/vault'), { status: 403 })
  const bad = Fastify()
  t.teardown(async () => await bad.close())
  await bad.register(secureSessionPlugin, { key: Buffer.alloc(32, 7) })
  await t.rejects(async () => await bad.register(verifyTotp, {
    issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice', name: 'a b'
  }), { message: /option "name"/ })
})

t.test('a logout ends the session even when the store fails, or answers too late', async t => {
  const { hang } = deadlines(t)
  for (const fails of [async () => { throw new Error('lost') }, hang]) {
    for (const method of ['get', 'replace'] as const) {
      const store = faultyStore()
      const { login, now } = await site(t, { totp: { store, timeout: 60 } })
      const alice = await login('alice')
      await alice.enrollVerified(now())
      const stolen = alice.copy()
      store.break(method, fails)
      t.match(await alice.post('/logout'), { status: 503, code: 'ERR_TOTP_STORE' })
      store.mend()
      t.match(await stolen.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
    }
  }
})

t.test('a host that changes the body behind the validation is not taken on trust', async t => {
  const store = faultyStore()
  const { login, now, wait } = await site(t, {
    totp: { store },
    host: app => {
      app.addHook('preHandler', async request => {
        if (request.url.endsWith('/challenges')) request.body = { code: [Reflect.get(Object(request.body), 'code')] }
      })
    }
  })
  const alice = await login('alice')
  const factor = await alice.enrollVerified(now())
  wait(30)
  const before = store.calls
  t.match(await alice.challenge(factor.code(now())), { status: 400, code: 'FST_ERR_VALIDATION' })
  t.equal(store.calls, before, 'the store is not asked')
})
