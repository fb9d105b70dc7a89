import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Writable } from 'node:stream'
import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import type express from 'express'
import type { Express } from 'express'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { verifyTotp, memoryStore, type EntityStore, type FastifyTotpOptions, type TotpEvent } from '../src/index.js'
import { testClock } from '../src/testing.js'
import { visitor, type Visitor } from './visitor.js'

declare module 'fastify' {
  interface Session { userId?: string }
}

/** When the clock of a site starts: the beginning of a time step. */
export const START = 1_800_000_000

/** A server as a team might have it, with the plugin on it, and a clock that stands until it is moved. */
export interface Site {
  readonly app: FastifyInstance
  readonly store: EntityStore
  readonly events: TotpEvent[]
  /** The time, in Unix seconds. */
  now (): number
  /** Moves the clock on, or back. */
  wait (seconds: number): void
  /** Somebody with a browser of their own. */
  visitor (): Visitor
  /** Somebody who has logged in. */
  login (identity: string): Promise<Visitor>
}

export interface SiteOptions {
  readonly totp?: Partial<FastifyTotpOptions>
  /** Is told all that the server and the package log. */
  readonly log?: (line: string) => void
  /** Where the server keeps its sessions. */
  readonly sessions?: Sessions
  /** Holds a request back once it is known who asks, as a body does that is slow. */
  readonly holdBody?: (request: Asked) => Promise<void>
  /** Is waited for after the session was loaded, and before the package sees the request. */
  readonly beforePackage?: (headers: IncomingHttpHeaders) => Promise<void>
  /** Is waited for before a route of the host answers. */
  readonly beforeHandler?: (request: Asked) => Promise<void>
  readonly server?: FastifyServerOptions
  readonly session?: Partial<FastifySessionOptions>
  /** Called before the plugin is registered, for what a host may have done. */
  readonly host?: (app: FastifyInstance) => void | Promise<void>
  /** On Express: puts middlewares in front of the package, after the session's. */
  readonly front?: (web: Express, library: typeof express) => void
  /** Called after the plugin was registered, for more routes. */
  readonly routes?: (app: FastifyInstance) => void | Promise<void>
}

/** A request, as far as a site looks at it. */
export interface Asked { readonly method: string, readonly url: string }

/** A store of sessions, as `@fastify/session` and `express-session` both take it. */
export type Sessions = Required<FastifySessionOptions>['store']

/** Makes a server with the package on it, and with sessions. */
export type ServerOf = (
  t: { after (fn: () => Promise<void>): void }, options: SiteOptions, totp: FastifyTotpOptions
) => Promise<FastifyInstance>

let serverOf: ServerOf = fastifyServer

/** From now on, sites have this server. */
export function useServer (next: ServerOf): void {
  serverOf = next
}

/** True where the package is a plugin of Fastify. */
export function isOnFastify (): boolean {
  return serverOf === fastifyServer
}

/** Makes the provider of a site, for one store and one clock; the embedded one unless a test file says so. */
export type ProviderOf = (
  t: { after (fn: () => Promise<void>): void }, store: EntityStore, clock: () => number
) => Promise<Pick<FastifyTotpOptions, 'provider'>>

const embeddedProvider: ProviderOf = async () => ({})
let providerOf = embeddedProvider

/** From now on, sites have this provider. */
export function useProvider (next: ProviderOf): void {
  providerOf = next
}

/**
 * True where codes are judged in this process: some promises are about seals and steps, which Twilio has not.
 */
export function isEmbedded (): boolean {
  return providerOf === embeddedProvider
}

/** Makes a site. Two sites on one store and one `keys` are two instances of the same application. */
export async function site (
  t: { after (fn: () => Promise<void>): void }, options: SiteOptions = {}
): Promise<Site> {
  const events: TotpEvent[] = []
  const store = options.totp?.store ?? memoryStore()
  const time = testClock(START)
  const clock = options.totp?.clock ?? time
  const provided = await providerOf(t, store, clock)
  const app = await serverOf(t, options, {
    issuer: 'Acme',
    keys: [KEY],
    identify: request => request.session.userId,
    clock,
    ...provided,
    onEvent: event => { events.push(event) },
    ...options.totp,
    store
  })

  app.post<{ Body: { username: string } }>('/login', async (request, reply) => {
    await request.session.regenerate()
    request.session.userId = request.body.username
    await app.totp.forget(request, reply)
    return {}
  })
  app.post('/logout', async (request, reply) => {
    const { session } = request
    try {
      await app.totp.forget(request, reply)
    } finally {
      await session.destroy()
    }
    return await reply.code(204).send()
  })
  app.get('/vault', { preHandler: app.totp.required() }, async request => ({ vault: 'gold', approval: request.totp }))
  app.post('/transfer', { preHandler: app.totp.required({ maxAge: 60 }) }, async () => ({ transfer: 'sent' }))
  await options.routes?.(app)

  return {
    app,
    store,
    events,
    now: time,
    wait: time.advance,
    visitor: () => visitor(app),

    async login (identity) {
      const person = visitor(app)
      await person.post('/login', { username: identity })
      return person
    }
  }
}

/** A server of Fastify with the plugin, and sessions of `@fastify/session`. */
async function fastifyServer (
  t: { after (fn: () => Promise<void>): void }, options: SiteOptions, totp: FastifyTotpOptions
): Promise<FastifyInstance> {
  const { log, beforePackage, holdBody, beforeHandler } = options
  const stream = new Writable({ write: (line, _encoding, done) => { log?.(String(line)); done() } })
  const logger = log === undefined ? {} : { logger: { level: 'trace', base: null, stream } }
  // A busy machine may take longer to load a plugin than Fastify waits by default.
  const app = Fastify({ pluginTimeout: 0, ...logger, ...options.server })
  t.after(async () => await app.close())
  await app.register(cookie)
  await app.register(session, {
    secret: 'a secret that is for tests alone, and long',
    cookie: { secure: false },
    rolling: false,
    saveUninitialized: false,
    ...options.sessions === undefined ? {} : { store: options.sessions },
    ...options.session
  })
  if (beforePackage !== undefined) app.addHook('onRequest', async request => await beforePackage(request.headers))
  // By then the routes of the plugin know who asks.
  if (holdBody !== undefined) app.addHook('preParsing', async request => await holdBody(request))
  if (beforeHandler !== undefined) app.addHook('preHandler', async request => await beforeHandler(request))
  await options.host?.(app)
  await app.register(verifyTotp, totp)
  return app
}

/** One key for every site, so that several of them can be instances of one application. */
export const KEY = randomBytes(32)
