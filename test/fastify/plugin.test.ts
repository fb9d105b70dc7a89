import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as ask } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { inspect } from 'node:util'
import cookie from '@fastify/cookie'
import secureSessionPlugin from '@fastify/secure-session'
import session from '@fastify/session'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import t, { type Test } from 'tap'
import verifyTotpDefault, {
  memoryStore, secureSession, UnidentifiedError, verifyTotp, type FastifyTotpOptions, type SessionPort
} from '../../src/index.js'
import { cookieSession, expressSession } from '../../src/connect.js'
import { KEY, START, site } from '../site.js'
import { untyped } from '../untyped.js'
import { visitor } from '../visitor.js'

declare module 'fastify' {
  interface Session { basket?: string }
}

declare module '@fastify/secure-session' {
  interface SessionData { userId: string }
}

const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const UNIDENTIFIED = { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }

function server (t: Test): FastifyInstance {
  const app = Fastify({ pluginTimeout: 0 })
  t.after(async () => await app.close())
  return app
}

function options (more: Partial<FastifyTotpOptions> = {}): FastifyTotpOptions {
  return { issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice', ...more }
}

async function withSecureSession (app: FastifyInstance): Promise<void> {
  await app.register(secureSessionPlugin, { key: randomBytes(32), cookie: { path: '/' } })
}

/** The two can't decorate one request, so here the other one is there by name alone. */
async function withSessionInName (app: FastifyInstance): Promise<void> {
  await app.register(fp(async () => {}, { name: '@fastify/session' }))
}

async function withSession (app: FastifyInstance): Promise<void> {
  await app.register(cookie)
  await app.register(session, { secret: 'a secret that is for tests alone, and long', cookie: { secure: false } })
}

t.test('without a session plugin the boot fails, and says what to choose', async t => {
  const app = server(t)
  await t.rejects(async () => await app.register(verifyTotp, options()), {
    code: 'ERR_TOTP_INVALID_OPTION', message: /"session".*@fastify\/session or @fastify\/secure-session/
  })
})

t.test('with both session plugins the boot fails, and says what to choose', async t => {
  const app = server(t)
  await withSecureSession(app)
  await withSessionInName(app)
  await t.rejects(async () => await app.register(verifyTotp, options()), {
    code: 'ERR_TOTP_INVALID_OPTION', message: /"session".*both/
  })
})

t.test('a session port for Express stops the boot, and says where it belongs', async t => {
  const app = server(t)
  await withSession(app)
  for (const session of [expressSession, cookieSession]) {
    await t.rejects(async () => await app.register(verifyTotp, options({ session: untyped(session) })), {
      code: 'ERR_TOTP_INVALID_OPTION', message: /"session" must be a port for Fastify: .* are for createTotp/
    })
  }
})

t.test('with both session plugins the session option settles it', async t => {
  const app = server(t)
  await withSecureSession(app)
  await withSessionInName(app)
  await app.register(verifyTotp, options({ session: secureSession }))
  t.match(await visitor(app).get('/totp/factors'), { status: 200 })
})

t.test('a wrong option stops the boot', async t => {
  const app = server(t)
  await withSession(app)
  await t.rejects(async () => await app.register(verifyTotp, options({ issuer: '' })),
    { code: 'ERR_TOTP_INVALID_OPTION', message: /"issuer"/ })
})

t.test('registering twice stops the boot', async t => {
  const app = server(t)
  await withSession(app)
  await app.register(verifyTotp, options())
  await t.rejects(async () => await app.register(verifyTotp, options({ prefix: '/again' })),
    { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
})

t.test('the decorators are of the scope that registers, which keeps its own parsers', async t => {
  t.equal(verifyTotpDefault, verifyTotp)
  const { app } = await site(t)
  t.equal(app.hasDecorator('totp'), true)
  t.equal(app.hasRequestDecorator('totp'), true)
  t.equal(app.hasContentTypeParser('text/plain'), true, 'the scope of the host keeps its parsers')
  t.equal(app.hasPlugin('fastify-verify-totp'), true)
})

t.test('inside a plugin, the decorator is not seen outside', async t => {
  const app = server(t)
  await withSession(app)
  await app.register(async scope => {
    await scope.register(verifyTotp, options())
    t.equal(scope.hasDecorator('totp'), true)
  }, { prefix: '/inner' })
  t.equal(app.hasDecorator('totp'), false)
  t.match(await visitor(app).get('/inner/totp/factors'), { status: 200 })
  t.match(await visitor(app).get('/totp/factors'), { status: 404 })
})

t.test('prefix moves the routes', async t => {
  const { login } = await site(t, { totp: { prefix: '/account/2fa' } })
  const alice = await login('alice')
  t.match(await alice.get('/account/2fa/factors'), { status: 200 })
  t.match(await alice.get('/totp/factors'), { status: 404 })
})

t.test('without routes, routes of the host do the same over app.totp', async t => {
  const { login, visitor } = await site(t, {
    totp: { routes: false },
    routes: app => {
      app.post('/own/enroll', async request => {
        const { secret } = await app.totp.enroll(await app.totp.caller(request), { friendlyName: 'x' })
        return { secret }
      })
      app.post<{ Body: { code: string } }>('/own/challenge', async (request, reply) => {
        const caller = await app.totp.caller(request)
        const { mark, approval } = await app.totp.challenge(caller, { code: request.body.code })
        await app.totp.keep(request, reply, mark)
        return { approval }
      })
      app.post('/own/nothing', async (request, reply) => {
        await app.totp.keep(request, reply, null)
        return {}
      })
      app.post('/own/junk', async (request, reply) => {
        await app.totp.keep(request, reply, 'junk')
        return {}
      })
    }
  })
  const alice = await login('alice')
  t.match(await alice.get('/totp/factors'), { status: 404 })
  t.match(await alice.post('/own/enroll'), { status: 200 })
  t.match(await visitor().post('/own/enroll'), UNIDENTIFIED)
  t.match(await alice.post('/own/challenge', { code: '123456' }), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.match(await alice.post('/own/challenge', { code: 123456 }), { status: 400, code: 'FST_ERR_VALIDATION' })
  t.match(await alice.post('/own/nothing'), { status: 200, headers: { 'set-cookie': undefined } })
  t.match(await alice.post('/own/junk'), { status: 500 })
})

t.test('a route of the host that judges a code approves the session and gives it a new id', async t => {
  const { login, now, wait } = await site(t, {
    routes: app => {
      app.post<{ Body: { code: string } }>('/own/challenge', async (request, reply) => {
        const { mark } = await app.totp.challenge(await app.totp.caller(request), { code: request.body.code })
        await app.totp.keep(request, reply, mark)
        return {}
      })
    }
  })
  const factor = await (await login('alice')).enrollVerified(now())
  const alice = await login('alice')
  const before = alice.copy()
  wait(30)
  t.match(await alice.post('/own/challenge', { code: factor.code(now()) }), { status: 200 })
  t.match(await alice.vault(), { status: 200 })
  t.match(await before.vault(), UNIDENTIFIED, 'the id before is nobody\'s')
})

t.test('an approval gives the session a new id and leaves what else is in it', async t => {
  const { login, now, wait } = await site(t, {
    routes: app => {
      app.post('/basket', async request => { request.session.set('basket', 'apples') })
      app.get('/basket', async request => ({ basket: request.session.get('basket') }))
    }
  })
  const alice = await login('alice')
  await alice.post('/basket')
  const before = alice.copy()
  const factor = await alice.enrollVerified(now())
  t.notSame(alice.cookies, before.cookies, 'verifying')
  t.match(await before.vault(), UNIDENTIFIED)
  wait(30)
  const between = alice.copy()
  t.match(await alice.challenge(factor.code(now())), { status: 200 })
  t.notSame(alice.cookies, between.cookies, 'the challenge')
  t.match(await between.vault(), UNIDENTIFIED)
  t.match((await alice.get('/basket')).json(), { basket: 'apples' })
})

t.test('a session of one\'s own can hold the mark', async t => {
  const app = server(t)
  const marks = new Map<string, string>()
  const rotations: boolean[] = []
  let time = START
  const bearer = (request: FastifyRequest) => request.headers.authorization ?? ''
  const port: SessionPort<FastifyRequest> = {
    read: request => marks.get(bearer(request)),
    write (request, _reply, mark, rotate) {
      marks.set(bearer(request), mark)
      rotations.push(rotate)
    }
  }
  await app.register(verifyTotp, options({ session: port, clock: () => time }))
  app.get('/vault', { preHandler: app.totp.required() }, async () => ({}))
  const person = visitor(app)
  const one = { authorization: 'Bearer one' }
  const enrolled = (await person.request('POST', '/totp/factors', {}, one)).json()
  t.same(rotations, [false], 'enrolling binds the factor to the session')
  const { authenticator } = await import('../authenticator.js')
  const phone = authenticator(enrolled.binding.secret)
  const verify = `/totp/factors/${enrolled.factor.sid}/verify`
  t.match(await person.request('POST', verify, { code: phone.code(time) }, { authorization: 'Bearer two' }), { status: 404 })
  t.match(await person.request('POST', verify, { code: phone.code(time) }, one), { status: 200 })
  t.same(rotations, [false, false, true], 'the other session was given a mark of its own, and no more')
  t.match(await person.request('GET', '/vault', undefined, one), { status: 200 })
  t.match(await person.request('GET', '/vault', undefined, { authorization: 'Bearer two' }),
    { status: 401, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  marks.set('Bearer two', marks.get('Bearer one')?.slice(1) ?? '')
  t.match(await person.request('GET', '/vault', undefined, { authorization: 'Bearer two' }), { status: 401 })
  time += 30
  t.match(await person.request('POST', '/totp/challenges', { code: phone.code(time) }, { authorization: 'Bearer two' }),
    { status: 200 })
  t.match(await person.request('GET', '/vault', undefined, { authorization: 'Bearer two' }), { status: 200 })
})

t.test('a session of one\'s own can say that the login has ended', async t => {
  const app = server(t)
  const ended = () => { throw new UnidentifiedError() }
  await app.register(verifyTotp, options({ session: { read: ended, write: () => {} } }))
  t.match(await visitor(app).get('/totp/factors'), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
})

t.test('logLevel is of the routes alone, as for any plugin', async t => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => { lines.push(line) } } } })
  t.after(async () => await app.close())
  await app.register(verifyTotp, { ...options({ session: { read: () => null, write: () => {} } }), logLevel: 'silent' })
  app.get('/own', async () => ({}))
  await visitor(app).get('/totp/factors')
  t.equal(lines.length, 0)
  await visitor(app).get('/own')
  t.not(lines.length, 0)
})

t.test('a session that can not be read is a fault of ours', async t => {
  const app = server(t)
  await app.register(verifyTotp, options({
    session: { read: () => { throw new Error('redis://:hunter2@cache is down') }, write: () => {} }
  }))
  app.get('/vault', { preHandler: app.totp.required() }, async () => ({}))
  const answer = await visitor(app).vault()
  t.match(answer, { status: 503, code: 'ERR_TOTP_STORE', headers: { 'cache-control': 'no-store' } })
  t.notMatch(answer.text, /hunter2|redis/)
})

t.test('a session that has ended meanwhile may say so itself', async t => {
  const app = server(t)
  await app.register(verifyTotp, options({
    session: { read: () => null, write: () => { throw new UnidentifiedError() } }
  }))
  const answer = await visitor(app).post('/totp/factors', {})
  t.match(answer, { ...UNIDENTIFIED, headers: { 'cache-control': 'no-store' } })
  t.notMatch(answer.text, /otpauth/)
})

t.test('what a session holds that is no mark is none', async t => {
  const app = server(t)
  let kept: unknown
  await app.register(verifyTotp, options({ session: { read: () => kept, write: () => {} } }))
  app.get('/vault', { preHandler: app.totp.required() }, async () => ({}))
  const person = visitor(app)
  for (const junk of [undefined, null, 0, 1, true, '', 'x', 'x'.repeat(21), 'x'.repeat(23), {}, [], 'x'.repeat(21) + '\n']) {
    kept = junk
    t.match(await person.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, JSON.stringify(junk))
    t.match((await person.get('/totp/factors')).json(), { approved: false })
  }
})

t.test('with secure-session a user enrolls, passes, and an old cookie does not bring an approval back', async t => {
  const app = server(t)
  let time = START
  await withSecureSession(app)
  await app.register(verifyTotp, options({ identify: request => request.session.get('userId'), clock: () => time }))
  app.post('/login', async (request, reply) => {
    request.session.regenerate()
    request.session.set('userId', 'alice')
    await app.totp.forget(request, reply)
    return {}
  })
  app.get('/vault', { preHandler: app.totp.required() }, async () => ({ vault: 'gold' }))
  const alice = visitor(app)
  t.match(await alice.vault(), UNIDENTIFIED)
  await alice.post('/login')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  const factor = await alice.enrollVerified(time)
  t.match(await alice.vault(), { status: 200 })
  const approved = alice.copy()
  t.match(await alice.delete('/totp/approval'), { status: 204 })
  t.match(await alice.vault(), REQUIRED)
  t.match(await approved.vault(), REQUIRED, 'the cookie of before')

  time += 30
  t.match(await alice.challenge(factor.code(time)), { status: 200 })
  const again = alice.copy()
  await alice.post('/login')
  t.match(await alice.vault(), REQUIRED)
  t.match(await again.vault(), { status: 200 }, 'another log-in starts another session: it takes nothing away')
  const early = alice.copy()
  time += 30
  t.match(await alice.challenge(factor.code(time)), { status: 200 })
  time += 30
  t.match(await early.challenge(factor.code(time)), { status: 200 })
  t.match([await alice.vault(), await early.vault()], [{ status: 200 }, { status: 200 }])
  t.match(await alice.delete('/totp/approval'), { status: 204 })
  t.match([await alice.vault(), await early.vault()], [REQUIRED, REQUIRED], 'copies of one session end together')

  time += 60
  t.match(await alice.challenge(factor.code(time)), { status: 200 })
  const last = alice.copy()
  t.match(await alice.delete(`/totp/factors/${factor.sid}`), { status: 204 })
  t.match(await last.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
})

t.test('operators revoke, unlock, reset, enroll and remove without a session', async t => {
  const attempts = { lockAfter: 2, disableAfter: 2 }
  const { app, login, events, now, wait } = await site(t, { totp: { attempts } })
  const operator = { identity: 'alice', operator: true } as const
  const alice = await login('alice')
  const bob = await login('bob')
  await bob.enrollVerified(now())
  const factor = await alice.enrollVerified(now())
  await app.totp.revoke('alice')
  t.match(await alice.vault(), REQUIRED)
  t.match(await bob.vault(), { status: 200 }, 'others keep theirs')

  wait(30)
  t.match(await alice.challenge(factor.code(now())), { status: 200 })
  await alice.challenge(factor.wrongCode(now()))
  await alice.challenge(factor.wrongCode(now()))
  t.match(await alice.challenge(factor.code(now())), { status: 403, code: 'ERR_TOTP_DISABLED' })
  await app.totp.unlock('alice')
  wait(30)
  t.match(await alice.challenge(factor.code(now())), { status: 200 })

  const { factor: made, mark } = await app.totp.enroll(operator, { friendlyName: 'desk' })
  t.equal(mark, null)
  t.equal((await app.totp.factors(operator)).factors.length, 2)
  await app.totp.remove(operator, made.sid)
  t.match(await app.totp.rename(operator, factor.sid, 'mobile'), { friendlyName: 'mobile' })
  await app.totp.reset('alice')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.match((await alice.get('/totp/factors')).json(), { factors: [], approved: false })
  await app.totp.reset('nobody yet')
  await new Promise(setImmediate)
  t.match(events.filter(({ identity }) => identity === 'alice').map(({ type }) => type).slice(-3),
    ['factor.deleted', 'identity.reset', 'factor.deleted'])
  t.match(events.at(-1), { factorSid: factor.sid })
})

t.test('friendlyName names the factors of users who give no name', async t => {
  const { login } = await site(t, {
    totp: { friendlyName: async request => `${request.session.userId}@example.com` }
  })
  const alice = await login('alice')
  t.match((await alice.post('/totp/factors', {})).json(), { factor: { friendlyName: 'alice@example.com' } })
  t.match((await alice.post('/totp/factors', { friendlyName: 'own' })).json(), { factor: { friendlyName: 'own' } })
})

t.test('a friendlyName that is no text is a mistake of the host: 500, and not told to the client', async t => {
  for (const name of [42, true, ['hunter2'], { hunter2: 1 }, Object('hunter2'), Symbol('hunter2')]) {
    const { login } = await site(t, { totp: { friendlyName: () => untyped(name) } })
    const alice = await login('alice')
    const answer = await alice.post('/totp/factors', {})
    t.match(answer, { status: 500, code: 'ERR_TOTP_INVALID_OPTION', headers: { 'cache-control': 'no-store' } })
    t.notMatch(answer.text, /hunter2|42/)
    t.same((await alice.get('/totp/factors')).json().factors, [])
  }
})

t.test('a friendlyName that throws is not told to the client', async t => {
  for (const friendlyName of [
    () => { throw new Error('postgres://app:hunter2@db is down') },
    async () => { throw new Error('postgres://app:hunter2@db is down') }
  ]) {
    const { login } = await site(t, { totp: { friendlyName } })
    const answer = await (await login('alice')).post('/totp/factors', {})
    t.match(answer, { status: 500, headers: { 'cache-control': 'no-store' } })
    t.notMatch(answer.text, /hunter2|postgres/)
  }
})

t.test('a clock that throws is not told to the client', async t => {
  let failing = false
  const clock = () => {
    if (failing) throw new Error('ntp://app:hunter2@time is down')
    return START
  }
  const { login, app } = await site(t, { totp: { clock } })
  app.addHook('onError', async (_request, _reply, error) => { t.notMatch(inspect(error, { depth: null }), 'hunter2') })
  const alice = await login('alice')
  failing = true
  for (const answer of [await alice.vault(), await alice.get('/totp/factors'), await alice.challenge('123456')]) {
    t.match(answer, { status: 500, code: 'ERR_TOTP_INVALID_OPTION', headers: { 'cache-control': 'no-store' } })
    t.notMatch(answer.text, /hunter2|ntp|clock/)
  }
})

t.test('refusals are rendered by the error handler of the host', async t => {
  const { login, visitor } = await site(t, {
    host: app => {
      app.setErrorHandler<Error & { code: string, statusCode: number }>(async (error, _request, reply) =>
        await reply.code(error.statusCode).send({ title: error.code, class: error.name }))
    }
  })
  const answer = await visitor().vault()
  t.equal(answer.status, 401)
  t.same(answer.json(), { title: 'ERR_TOTP_UNIDENTIFIED', class: 'UnidentifiedError' })
  const refused = await (await login('alice')).challenge('123456')
  t.equal(refused.status, 403)
  t.same(refused.json(), { title: 'ERR_TOTP_NOT_ENROLLED', class: 'NotEnrolledError' })
  t.equal(refused.headers['cache-control'], 'no-store')
})

t.test('a host may render as it likes, and the handler of errors may be a page', async t => {
  const { visitor } = await site(t, {
    host: app => {
      app.setErrorHandler(async (_error, _request, reply) => await reply.code(302).redirect('/login'))
    }
  })
  t.match(await visitor().vault(), { status: 302, headers: { location: '/login' } })
})

t.test('forget takes the approval away at login and at logout, and needs no user', async t => {
  const { login, visitor, now } = await site(t, {
    routes: app => {
      app.post('/forget', async (request, reply) => {
        await app.totp.forget(request, reply)
        return {}
      })
    }
  })
  const anonymous = visitor()
  t.match(await anonymous.post('/forget'), { status: 200 }, 'anonymous, without a session')
  t.equal(anonymous.cookies.size, 0, 'no session is made for nobody')

  const alice = await login('alice')
  await alice.enrollVerified(now())
  t.match(await alice.vault(), { status: 200 })
  t.match(await alice.post('/forget'), { status: 200 })
  t.match(await alice.vault(), REQUIRED)

  const other = await login('alice')
  const before = other.copy()
  await other.post('/login', { username: 'bob' })
  t.match(await before.vault(), UNIDENTIFIED)
})

t.test('forget changes a mark that was left behind by somebody who is logged out', async t => {
  let user: string | undefined = 'alice'
  const kept: string[] = []
  const app = server(t)
  await app.register(verifyTotp, options({
    identify: () => user,
    session: { read: () => kept.at(-1), write: (_request, _reply, mark) => { kept.push(mark) } }
  }))
  app.post('/forget', async (request, reply) => {
    await app.totp.forget(request, reply)
    return {}
  })
  const person = visitor(app)
  await person.enroll()
  t.equal(kept.length, 1)
  user = undefined
  t.match(await person.post('/forget'), { status: 200 })
  t.equal(kept.length, 2, 'a mark that nobody knows')
  t.not(kept[0], kept[1])
})

t.test('forget that can not ask the store says so, rather than leave the approval', async t => {
  const app = server(t)
  const store = memoryStore<never>()
  await app.register(verifyTotp, options({
    store: { ...untyped(store), get: async () => { throw new Error('down') } },
    session: { read: () => 'x'.repeat(22), write: () => {} }
  }))
  app.post('/forget', async (request, reply) => {
    await app.totp.forget(request, reply)
    return {}
  })
  t.match(await visitor(app).post('/forget'), { status: 503, code: 'ERR_TOTP_STORE' })
})

t.test('an event listener that throws, rejects or hangs changes nothing', async t => {
  for (const onEvent of [
    () => { throw new Error('mail is down') },
    async () => { throw new Error('mail is down') },
    async () => await new Promise<void>(() => {})
  ]) {
    const { login, now } = await site(t, { totp: { onEvent, timeout: 1 } })
    const alice = await login('alice')
    await alice.enrollVerified(now())
    t.match(await alice.vault(), { status: 200 })
  }
})

t.test('hooks of the host see the answer to somebody who has hung up, too', async t => {
  const app = server(t)
  const sent: number[] = []
  let hangUp = () => {}
  app.addHook('preHandler', async ({ raw: { socket } }) => {
    const gone = once(socket, 'close')
    hangUp()
    await gone
  })
  app.addHook('onSend', async (_request, reply) => { sent.push(reply.statusCode) })
  const kept = new Promise<void>(resolve => {
    app.register(verifyTotp, options({ session: { read: () => 'x'.repeat(22), write: () => resolve() } }))
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const client = ask(`${url}/totp/approval`, { method: 'DELETE' }).on('error', () => {})
  hangUp = () => { client.destroy() }
  client.end()
  await kept
  await nextTurn()
  t.same(sent, [204])
})
