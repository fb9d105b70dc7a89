import { randomBytes } from 'node:crypto'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { cookieSession, createTotp, expressSession } from '../../src/connect.js'
import { fastifySession, memoryStore, secureSession, verifyTotp } from '../../src/index.js'
import { testClock } from '../../src/testing.js'
import { listen, type Handler } from '../connect/server.js'
import { guest } from '../example/guest.js'
import { untyped } from '../untyped.js'
import { imported, lackingLowest } from './lowest.js'

/* Every other test has the highest version of these packages. */

const secret = 'a secret that is for tests alone, and long'

/** The requests of the quickstart. */
async function visit (t: Test, url: string, clock: ReturnType<typeof testClock>): Promise<void> {
  const alice = guest(url)
  t.match(await alice.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  t.match(await alice.login('alice'), { status: 200 })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  const phone = await alice.enrollVerified(clock())
  t.match(await alice.vault(), { status: 200, text: '{"vault":"gold"}' })
  t.match(await alice.logout(), { status: 204 })
  t.match(await alice.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  t.match(await alice.login('alice'), { status: 200 })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.challenge(phone.code(clock())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  clock.advance(30)
  const stolen = alice.copy()
  t.match(await alice.challenge(phone.code(clock())), { status: 200 })
  t.match(await alice.vault(), { status: 200, text: '{"vault":"gold"}' })
  t.not((await stolen.vault()).status, 200, 'the cookie from before the approval opens nothing')
}

/** Fastify with the quickstart's routes. */
async function visitFastify (
  t: Test, name: '@fastify/session' | '@fastify/secure-session'
): Promise<void> {
  const { default: Fastify } = await imported('fastify')
  const app = Fastify({ pluginTimeout: 0 })
  t.teardown(async () => await app.close())
  const isStored = name === '@fastify/session'
  const { default: sessions } = await imported(name)
  if (isStored) {
    const { default: cookie } = await imported('@fastify/cookie')
    await app.register(cookie)
    const settings = { cookie: { secure: false }, rolling: false, saveUninitialized: false }
    await app.register(sessions, { secret, ...settings })
  } else {
    await app.register(sessions, { key: randomBytes(32), cookie: { path: '/' } })
  }
  const clock = testClock()
  await app.register(verifyTotp, {
    issuer: 'Acme',
    keys: [randomBytes(32)],
    store: memoryStore(),
    session: isStored ? fastifySession : secureSession,
    identify: (request: object) => untyped(request).session.get('userId'),
    clock
  })
  app.post('/login', async (...[request, reply]: [unknown, unknown]) => {
    const { session, body } = untyped(request)
    // The sessions of secure-session 8.0 have no such method, nor an id to rotate.
    if (isStored) await session.regenerate()
    untyped(request).session.set('userId', body.username)
    await app.totp.forget(request, reply)
    return {}
  })
  app.post('/logout', async (...[request, reply]: [unknown, unknown]) => {
    const { session } = untyped(request)
    await app.totp.forget(request, reply)
    await (isStored ? session.destroy() : session.delete())
    return await untyped(reply).code(204).send()
  })
  app.get('/vault', { preHandler: app.totp.required() }, async () => ({ vault: 'gold' }))
  await visit(t, await app.listen({ port: 0, host: '127.0.0.1' }), clock)
}

/** A server of middlewares with the quickstart's routes. */
async function visitConnect (
  t: Test, name: 'express' | 'express4' | 'connect', sessionName: 'express-session' | 'cookie-session'
): Promise<void> {
  const { default: library } = await imported(name)
  const { default: sessions } = await imported(sessionName)
  const isStored = sessionName === 'express-session'
  const app = library()
  const clock = testClock()
  const totp = createTotp({
    issuer: 'Acme',
    keys: [randomBytes(32)],
    store: memoryStore(),
    session: isStored ? expressSession : cookieSession,
    identify: request => untyped(request).session?.userId,
    clock
  })
  app.use(isStored
    ? sessions({ secret, cookie: { secure: false }, resave: false, rolling: false, saveUninitialized: false })
    : sessions({ secret }))
  app.use(totp.routes())
  app.use('/login', caught(async (request, response) => {
    const { username } = untyped(await json(request))
    const { session } = untyped(request)
    if (isStored) await promisify(session.regenerate).call(session)
    untyped(request).session.userId = username
    await totp.forget(request, response)
    response.end('{}')
  }))
  app.use('/logout', caught(async (request, response) => {
    const { session } = untyped(request)
    await totp.forget(request, response)
    if (isStored) await promisify(session.destroy).call(session)
    else Object.assign(request, { session: null })
    response.writeHead(204).end()
  }))
  app.use('/vault', totp.required())
  app.use('/vault', caught(async (_request, response) => { response.end('{"vault":"gold"}') }))
  const { port } = await listen(t, app)
  await visit(t, `http://127.0.0.1:${port}`, clock)
}

/** Express 4 and Connect don't know promises. */
function caught (handle: (...args: Parameters<Handler>) => Promise<void>): Handler {
  return (request, response, next) => { handle(request, response, next).catch(next) }
}

t.test('the lowest versions of servers and of what keeps their sessions', { skip: lackingLowest }, async t => {
  for (const sessions of ['@fastify/session', '@fastify/secure-session'] as const) {
    await t.test(`Fastify with ${sessions}`, async t => await visitFastify(t, sessions))
  }
  for (const server of ['express', 'express4', 'connect'] as const) {
    for (const sessions of ['express-session', 'cookie-session'] as const) {
      await t.test(`${server} with ${sessions}`, async t => await visitConnect(t, server, sessions))
    }
  }
})
