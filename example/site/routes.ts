import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { UnidentifiedError, verifyTotp, type EntityStore, type TwilioProvider } from 'fastify-verify-totp'
import { home, sendPage, wantsPage } from './home.js'
import type { Sessions } from './session-store.js'

/** Options of `routes`. */
export interface RouteOptions {
  readonly sessions: Sessions
  readonly store: EntityStore
  /** Creates new factors; null for the embedded provider. */
  readonly provider: TwilioProvider | null
  readonly sessionSecret: string
  readonly totpKeys: readonly Uint8Array[]
  /** Seconds that a browser may be remembered; null turns that off. */
  readonly remember: number | null
  readonly clockOffset: number
  /** Seconds after which a request to the store fails. */
  readonly timeout: number
}

const COOKIE = { path: '/', httpOnly: true, sameSite: 'strict' } as const

const Failure = Type.Object({
  statusCode: Type.Integer(), code: Type.Optional(Type.String()), error: Type.String(), message: Type.String()
})
/** The statuses of a guard: not logged in, no approval, locked, unavailable. */
const GUARDED = failures(401, 403, 429, 503)
/** Any name is an identity, except with NUL or a lone surrogate, which databases can't store unchanged. */
const Credentials = Type.Object({
  username: Type.String({ pattern: '^[^\\0\\p{Cs}]{1,64}$', description: 'Any 1 to 64 characters' }),
  password: Type.String({ maxLength: 256, description: 'Always "demo"' })
}, { additionalProperties: false })

/** A description only: the guard checks these headers itself. */
const PaymentHeaders = Type.Object({
  'totp-code': Type.Optional(Type.String({ description: 'A code of an authenticator app' })),
  'totp-factor': Type.Optional(Type.String({ description: 'The sid of its factor: needed with several at Twilio' }))
})

/** The routes with a session: login, logout, the second factor, and what it protects. */
export const routes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, options) => {
  const { sessions, store, provider, sessionSecret, totpKeys, remember, clockOffset, timeout } = options

  await app.register(cookie)
  await app.register(session, {
    secret: sessionSecret,
    store: sessions,
    // The example serves plain HTTP on your own machine. Behind HTTPS set `secure: true`.
    cookie: { ...COOKIE, secure: false },
    rolling: false,
    saveUninitialized: false
  })
  await app.register(verifyTotp, {
    issuer: 'Gold Vault',
    // Required with Twilio too, for factors that were enrolled without it.
    keys: totpKeys,
    store,
    ...(provider && { provider }),
    // Plain HTTP again: behind HTTPS leave `insecure` out.
    ...(remember !== null && { remember: { for: remember, insecure: true } }),
    identify: request => request.session.userId,
    pages: { brand: { name: 'Gold Vault', accent: '#8a6100' }, insecure: true },
    timeout,
    clock: () => Date.now() / 1000 + clockOffset
  })

  // Pages of other sites can't use the cookie, because it is `strict`. Pages from another port of this host
  // are of the same site, so they are refused here. The plugin's own routes have a check of their own.
  app.addHook('onRequest', async (request, reply) => {
    const from = request.headers['sec-fetch-site'] ?? 'none'
    const isChange = request.method !== 'GET' && request.method !== 'HEAD'
    if (isChange && from !== 'same-origin' && from !== 'none') {
      return await reply.code(403).send({ statusCode: 403, error: 'Forbidden', message: 'Requests from other sites are refused.' })
    }
  })

  await app.register(home)
  await app.register(loginRoutes, { sessions })
  await app.register(guardedRoutes, { sessions })
}

const loginRoutes: FastifyPluginAsyncTypebox<Pick<RouteOptions, 'sessions'>> = async (app, { sessions }) => {
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
    // The session counts only from here on: if a step before failed, its cookie is worthless.
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
      // Another logout of this session was faster, and the user is logged out as intended.
      if (!(error instanceof UnidentifiedError)) throw error
    }
    if (session.login !== undefined) await sessions.end(session.login)
    await session.destroy()
    return await reply.clearCookie('sessionId', COOKIE).code(204).send(null)
  })
}

const VAULT = `
  <p>It holds gold, and it is yours.</p>
  <p><a href="/">Back</a></p>`

const guardedRoutes: FastifyPluginAsyncTypebox<Pick<RouteOptions, 'sessions'>> = async (app, { sessions }) => {
  app.get('/vault', {
    preHandler: app.totp.required(),
    schema: {
      summary: 'The vault, which the second factor protects',
      response: { 200: Type.Object({ vault: Type.String(), identity: Type.String() }), ...GUARDED }
    }
  }, async (request, reply) => {
    const { userId = '' } = request.session
    if (wantsPage(request)) return sendPage(reply, 'The vault is open', VAULT)
    return { vault: 'gold', identity: userId }
  })

  app.post('/transfer', {
    preHandler: app.totp.required({ maxAge: 60 }),
    schema: {
      summary: 'A transfer, which needs a code of the last minute',
      response: { 200: Type.Object({ transfer: Type.String() }), ...GUARDED }
    }
  }, async () => ({ transfer: 'sent' }))

  app.post('/payment', {
    preHandler: app.totp.required({ perRequest: true }),
    schema: {
      summary: 'A payment, which takes a code with the request',
      headers: PaymentHeaders,
      response: { 200: Type.Object({ payment: Type.String() }), ...failures(400, 401, 403, 404, 429, 503) }
    }
  }, async () => ({ payment: 'sent' }))

  const admin: FastifyPluginAsyncTypebox = async scope => {
    scope.addHook('preHandler', app.totp.required())

    scope.get('/report', {
      schema: {
        summary: 'A report, in a scope of routes behind one hook',
        response: { 200: Type.Object({ loggedIn: Type.Integer() }), ...GUARDED }
      }
    }, async () => ({ loggedIn: await sessions.count() }))
  }
  await app.register(admin, { prefix: '/admin' })
}

function failures (...statuses: number[]): Record<number, typeof Failure> {
  return Object.fromEntries(statuses.map(status => [status, Failure]))
}
