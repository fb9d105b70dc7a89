import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { UnidentifiedError, verifyTotp, type EntityStore, type TwilioProvider } from 'fastify-verify-totp'
import type { Sessions } from './session-store.js'

/** What the site works with. */
export interface SiteOptions {
  readonly sessions: Sessions
  readonly store: EntityStore
  /** Makes new factors; null for the embedded provider. */
  readonly provider: TwilioProvider | null
  readonly sessionSecret: string
  readonly totpKeys: readonly Buffer[]
  readonly clockOffset: number
}

const COOKIE = { path: '/', httpOnly: true, sameSite: 'strict' } as const

const Failure = Type.Object({
  statusCode: Type.Integer(), code: Type.Optional(Type.String()), error: Type.String(), message: Type.String()
})
/** What a guard can refuse with: not logged in, no approval, locked, unavailable. */
const GUARDED = failures(401, 403, 429, 503)
/** A name is an identity as it is. NUL and half a character, which no database keeps faithfully, are none. */
const Credentials = Type.Object({
  username: Type.String({ pattern: '^[^\\0\\p{Cs}]{1,64}$', description: 'Any 1 to 64 characters' }),
  password: Type.String({ maxLength: 256, description: 'It is "demo"' })
}, { additionalProperties: false })

/** Everything for which one has to be known: log-in and log-out, the second factor, and what it protects. */
export const site: FastifyPluginAsyncTypebox<SiteOptions> = async (app, options) => {
  const { sessions, store, provider, sessionSecret, totpKeys, clockOffset } = options

  await app.register(cookie)
  await app.register(session, {
    secret: sessionSecret,
    store: sessions,
    // Over plain HTTP, which is fine on one's own machine. With HTTPS in front, set `secure: true`.
    cookie: { ...COOKIE, secure: false },
    rolling: false,
    saveUninitialized: false
  })
  // A request that fails keeps nothing in its session, and leaves the cookie alone: when it came with the old
  // id of a session that was just approved, the session plugin would take the new cookie from the browser.
  app.addHook('onError', async request => { Reflect.set(request, 'session', null) })

  await app.register(verifyTotp, {
    issuer: 'Gold Vault',
    // With Twilio too: factors that were enrolled without it are still judged here.
    keys: totpKeys,
    store,
    ...(provider && { provider }),
    identify: request => request.session.userId,
    clock: () => Date.now() / 1000 + clockOffset
  })

  // Other sites' pages can't use the cookie, because it is `strict`; and pages from another port of the
  // same host, which count as the same site, are refused here. The plugin's own routes look after
  // themselves.
  app.addHook('onRequest', async (request, reply) => {
    const from = request.headers['sec-fetch-site'] ?? 'none'
    const changes = request.method !== 'GET' && request.method !== 'HEAD'
    if (changes && from !== 'same-origin' && from !== 'none') {
      return await reply.code(403).send({ statusCode: 403, error: 'Forbidden', message: 'Requests from other sites are refused.' })
    }
  })

  app.post('/login', {
    schema: {
      summary: 'Log in, with any name and the password "demo"',
      body: Credentials,
      response: { 200: Type.Object({ identity: Type.String() }), ...failures(400, 401, 403, 413, 415, 503) }
    }
  }, async (request, reply) => {
    const { username, password } = request.body
    if (password !== 'demo') {
      throw Object.assign(new Error('The name or the password is wrong.'), { statusCode: 401 })
    }
    if (request.session.login !== undefined) await sessions.end(request.session.login)
    const login = randomBytes(16).toString('base64url')
    await request.session.regenerate()
    request.session.userId = username
    request.session.login = login
    await app.totp.forget(request, reply)
    // Only now does the session count: when a step before this one failed, its cookie is worth nothing.
    await sessions.begin(login)
    return { identity: username }
  })

  app.post('/logout', {
    schema: { summary: 'Log out', response: { 204: Type.Null(), ...failures(403, 415, 503) } }
  }, async (request, reply) => {
    const { session } = request
    try {
      await app.totp.forget(request, reply)
    } catch (error) {
      // Another log-out of this session was faster: then it is as it should be.
      if (!(error instanceof UnidentifiedError)) throw error
    }
    if (session.login !== undefined) await sessions.end(session.login)
    await session.destroy()
    return await reply.clearCookie('sessionId', COOKIE).code(204).send(null)
  })

  app.get('/vault', {
    preHandler: app.totp.required(),
    schema: {
      summary: 'What the second factor protects',
      response: { 200: Type.Object({ vault: Type.String(), identity: Type.String() }), ...GUARDED }
    }
  }, async request => ({ vault: 'gold', identity: request.session.userId ?? '' }))

  app.post('/transfer', {
    preHandler: app.totp.required({ maxAge: 60 }),
    schema: {
      summary: 'Something that takes a code of the last minute',
      response: { 200: Type.Object({ transfer: Type.String() }), ...GUARDED }
    }
  }, async () => ({ transfer: 'sent' }))

  const admin: FastifyPluginAsyncTypebox = async scope => {
    scope.addHook('preHandler', app.totp.required())

    scope.get('/report', {
      schema: {
        summary: 'One of a whole scope of routes behind one hook',
        response: { 200: Type.Object({ loggedIn: Type.Integer() }), ...GUARDED }
      }
    }, async () => ({ loggedIn: await sessions.count() }))
  }
  await app.register(admin, { prefix: '/admin' })
}

function failures (...statuses: number[]): Record<number, typeof Failure> {
  return Object.fromEntries(statuses.map(status => [status, Failure]))
}
