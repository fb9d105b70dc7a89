import { once } from 'node:events'
import { createServer } from 'node:http'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import session, { MemoryStore, type SessionOptions, type Store } from 'express-session'
import type { Test } from 'tap'
import { expressSession } from '../../src/connect.js'
import { isTotpError } from '../../src/errors.js'
import { guest, type Guest } from '../example/guest.js'

declare module 'express-session' {
  interface SessionData { cart?: string, odd?: unknown }
}

/** A host with sessions, and routes that use the port as this package does. */
export interface Shop {
  readonly app: Express
  readonly store: Store
  /** The warnings that the port gave. */
  readonly warnings: string[]
  /** Errors that reached the host's own error handler. */
  readonly errors: unknown[]
  /** Errors of answers that were held back, which no handler of the host can get. */
  readonly failures: unknown[]
  /** A new browser. */
  guest (): Guest
  /** A browser whose session has something in the cart, and no mark. */
  customer (): Promise<Guest>
}

export interface ShopOptions extends Partial<SessionOptions> {
  readonly library?: typeof express
  readonly port?: typeof expressSession
  /** Middlewares in front of the session's. */
  readonly before?: (app: Express) => void
  /** Middlewares in front of the port, after the session's. */
  readonly front?: (app: Express) => void
  readonly routes?: (app: Express) => void
}

/** Opens a shop; it closes with the test. */
export async function shop (t: Test, options: ShopOptions = {}): Promise<Shop> {
  const { library = express, port = expressSession, before, front, routes, ...settings } = options
  const { store = new MemoryStore() } = settings
  const warnings: string[] = []
  const errors: unknown[] = []
  const failures: unknown[] = []
  const log = {
    warn: (warning: string) => { warnings.push(warning) },
    fail: (error: unknown) => { failures.push(error) }
  }
  const app = library()
  before?.(app)
  app.use(session({
    secret: 'a secret that is for tests alone', resave: false, saveUninitialized: false, ...settings, store
  }))
  front?.(app)
  app.use((request, response, next) => {
    port.lookAfter(request, response, log)
    next()
  })
  app.get('/read', (request, response) => { response.json(contentOf(request, port)) })
  app.post('/cart', (request, response) => {
    Object.assign(request.session, { cart: 'full', odd: { nested: [1] } })
    response.json({})
  })
  for (const [path, rotate] of [['/write/:mark', false], ['/rotate/:mark', true]] as const) {
    app.post(path, (request, response, next) => {
      const written = Promise.resolve(port.write(request, response, request.params.mark, rotate))
      written.then(() => response.json({}), next)
    })
  }
  routes?.(app)
  const answerError: ErrorRequestHandler = (error, _request, response, next) => {
    errors.push(error)
    if (response.headersSent) return next()
    const { statusCode = 503, code, message } = isTotpError(error) ? error : Object(error)
    response.status(statusCode).json({ code, message })
  }
  app.use(answerError)
  const server = createServer(app)
  t.teardown(() => server.close().closeAllConnections())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    app,
    store,
    warnings,
    errors,
    failures,
    guest: () => guest(url),

    async customer () {
      const customer = guest(url)
      await customer.request('POST', '/cart')
      return customer
    }
  }
}

function contentOf (request: Request, port: typeof expressSession): object {
  const { id, cart = null, odd = null, cookie } = request.session
  // express-session calculates it with the time, and may be some milliseconds off.
  const maxAge = Math.round((cookie.originalMaxAge ?? 0) / 1000)
  return { mark: port.read(request) ?? null, id, cart, odd, maxAge }
}

/** The cookies that an answer sets. */
export function cookiesIn ({ headers }: { readonly headers: Headers }): string[] {
  return headers.getSetCookie()
}
