import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { verifyTotp, memoryStore, type EntityStore, type FastifyTotpOptions, type TotpEvent } from '../src/index.js'
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
  readonly server?: FastifyServerOptions
  readonly session?: Partial<FastifySessionOptions>
  /** Called before the plugin is registered, for what a host may have done. */
  readonly host?: (app: FastifyInstance) => void | Promise<void>
  /** Called after the plugin was registered, for more routes. */
  readonly routes?: (app: FastifyInstance) => void | Promise<void>
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
  let time = START
  const clock = options.totp?.clock ?? (() => time)
  const provided = await providerOf(t, store, clock)

  // A busy machine may take longer to load a plugin than Fastify waits by default.
  const app = Fastify({ pluginTimeout: 0, ...options.server })
  t.after(async () => await app.close())
  await app.register(cookie)
  await app.register(session, {
    secret: 'a secret that is for tests alone, and long',
    cookie: { secure: false },
    rolling: false,
    saveUninitialized: false,
    ...options.session
  })
  await options.host?.(app)
  await app.register(verifyTotp, {
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
    now: () => time,
    wait: seconds => { time += seconds },
    visitor: () => visitor(app),

    async login (identity) {
      const person = visitor(app)
      await person.post('/login', { username: identity })
      return person
    }
  }
}

/** One key for every site, so that several of them can be instances of one application. */
export const KEY = randomBytes(32)
