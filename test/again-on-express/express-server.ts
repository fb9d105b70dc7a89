import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as send, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import cookies from 'cookie-session'
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import express4 from 'express4'
import session, { MemoryStore, type Store } from 'express-session'
import t from 'tap'
import { cookieSession, createTotp, expressSession } from '../../src/connect.js'
import { isOnFastify, useServer, type ServerOf, type Sessions, type SiteOptions } from '../site.js'
import { untyped } from '../untyped.js'
import { giveTokens, loginOf, tokens, withTokens } from '../again-with-tokens/tokens.js'
import { plainLibrary } from './plain-server.js'

declare module 'express-session' {
  interface SessionData { userId?: string }
}

let served = 0
const arrived = new Map<string, IncomingMessage>()

/** The packages that keep sessions, with what the others put in their place. */
const SESSIONS = {
  'express-session': { port: expressSession, middleware: storedSessions },
  'cookie-session': { port: cookieSession, middleware: cookieSessions },
  tokens: { port: tokens, middleware: tokenLogins }
}

type Sessioning = typeof SESSIONS[keyof typeof SESSIONS]

/** From now on, sites are on this version of Express, with sessions of this package. */
export function useExpress (version: 4 | 5, sessions: keyof typeof SESSIONS = 'express-session'): void {
  useLibrary(version === 5 ? express : express4, SESSIONS[sessions])
}

/** From now on, sites are on a server without Express, with sessions of `express-session`. */
export function usePlainServer (kind: 'Connect' | 'node:http'): void {
  useLibrary(plainLibrary(kind), SESSIONS['express-session'])
}

function useLibrary (library: typeof express, sessioning: Sessioning): void {
  useServer(serverOn(library, sessioning))
  // Both servers answer in the same words: a test would not notice that it was the other one.
  assert.ok(!isOnFastify())
  t.teardown(() => assert.ok(served > 0, 'it has served requests'))
}

function serverOn (library: typeof express, { port, middleware }: Sessioning): ServerOf {
  return async (t, options, { routes: _routes, logLevel: _logLevel, ...totpOptions }) => {
    for (const name of ['server', 'host'] as const) assert.equal(options[name], undefined, `no ${name} on Express`)
    const web = library()
    const say = (line: unknown) => options.log?.(`${JSON.stringify(line)}\n`)
    const totp = createTotp({
      ...untyped(totpOptions),
      session: untyped(port),
      log: (error, message) => say({ level: 50, msg: message, err: described(error) })
    })
    for (const handler of middleware(options)) web.use(handler)
    const { beforePackage } = options
    if (beforePackage !== undefined) {
      web.use((request, _response, next) => { beforePackage(request.headers).then(() => next(), next) })
    }
    options.front?.(web, library)
    web.use((request, response, next) => {
      served++
      arrived.set(String(request.headers['x-request']), request)
      const { method, url } = request
      say({ level: 30, req: { method, url }, msg: 'incoming request' })
      response.on('finish', () => say({ level: 30, req: { method, url }, res: { statusCode: response.statusCode } }))
      next()
    })
    web.use(totp.routes())
    web.use(library.json())
    const app = facade(web, totp, options)
    if (port === tokens) {
      giveTokens(totp)
      app.inject = untyped(withTokens(untyped(app.inject)))
    }
    t.after(async () => await app.close())
    return app
  }
}

function storedSessions (options: SiteOptions): RequestHandler[] {
  return [session({
    secret: 'a secret that is for tests alone, and long',
    name: 'sessionId',
    resave: false,
    saveUninitialized: false,
    ...untyped(options.session),
    ...options.sessions === undefined ? {} : { store: storeOver(options.sessions) }
  })]
}

/** Sessions in cookies, with the methods that sites use, where a host would set `request.session`. */
function cookieSessions (options: SiteOptions): RequestHandler[] {
  return [
    (request, _response, next) => {
      // Visitors encode cookies, and this package reads them as they are.
      request.headers.cookie = decodeURIComponent(request.headers.cookie ?? '')
      next()
    },
    cookies({ name: 'session', secret: 'a secret that is for tests alone', ...untyped(options.session) }),
    (request, _response, next) => {
      const set = (value: object | null) => async () => { Reflect.set(request, 'session', value) }
      const methods = { regenerate: set({}), destroy: set(null) }
      for (const [name, value] of Object.entries(methods)) {
        Object.defineProperty(request.session, name, { value, configurable: true, writable: true })
      }
      next()
    }
  ]
}

/** Logins in tokens, where a host would set `request.session`. */
function tokenLogins (): RequestHandler[] {
  return [(request, response, next) => {
    loginOf(request.headers, (name, value) => response.setHeader(name, value)).then(login => {
      Object.assign(request, { session: login })
      next()
    }, next)
  }]
}

/** What loggers print of an error. */
function described (error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { message, stack, name, cause } = error
  return { ...error, name, message, stack, cause: described(cause) }
}

/** The words of Fastify that the stories use, over sockets and Express. */
function facade (web: Express, totp: object, { log, holdBody, beforeHandler }: SiteOptions) {
  const server = createServer(web)
  const listening = async () => {
    if (!server.listening) {
      web.use((_request, response) => { response.status(404).json({ statusCode: 404 }) })
      await once(server.listen(0, '127.0.0.1'), 'listening')
    }
    return untyped(server.address()) as AddressInfo
  }

  async function inject (asked: string | Injected) {
    const { method = 'GET', url, headers = {}, payload } = typeof asked === 'string' ? { url: asked } : asked
    const { port } = await listening()
    const sent = Object.fromEntries(Object.entries(headers).filter(([name, value]) => value !== undefined && (name !== 'cookie' || value !== '')))
    const length = payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }
    const request = send({ port, host: '127.0.0.1', method, path: url, agent: false, headers: { host: 'localhost:80', ...length, ...sent } })
    if (holdBody !== undefined) {
      const id = randomUUID()
      request.setHeader('x-request', id)
      request.flushHeaders()
      // The routes begin to read the body once they know who asks.
      const isRead = () => payload === undefined || !url.startsWith('/totp') || arrived.get(id)?.listenerCount('data') === 1
      while (!isRead()) await turn()
      await holdBody({ method, url })
    }
    request.end(payload)
    const [response]: [IncomingMessage] = untyped(await once(request, 'response'))
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return {
      statusCode: response.statusCode,
      headers: response.headers,
      payload: Buffer.concat(chunks).toString(),
      cookies: (response.headers['set-cookie'] ?? []).map(cookieOf)
    }
  }

  const app: Record<string, unknown> = {
    totp,
    inject,
    log: Object.fromEntries(['error', 'trace'].map(level => [level, (...args: unknown[]) => log?.(`${JSON.stringify(args.map(described))}\n`)])),
    ready: async () => {},
    close: async () => { server.close().closeAllConnections() },

    async listen () {
      const { port } = await listening()
      app['listeningOrigin'] = `http://127.0.0.1:${port}`
    }
  }
  for (const method of ['get', 'post', 'put', 'patch', 'delete', 'all', 'options'] as const) {
    app[method] = (path: string, ...rest: unknown[]) => {
      const [handler, hooks = {}] = rest.reverse()
      const guards = ['onRequest', 'preValidation', 'preHandler'].map(name => Reflect.get(Object(hooks), name) ?? [])
      web[method](path, ...untyped(guards.flat()), async (request: Request, response: Response) => {
        await beforeHandler?.({ method: request.method, url: request.url })
        await answer(request, response, untyped(handler))
      })
    }
  }
  return untyped(app)
}

interface Injected {
  readonly method?: string
  readonly url: string
  readonly headers?: OutgoingHttpHeaders
  readonly payload?: string
}

/** Answers as a handler of Fastify would: with what it returns, or with its error. */
async function answer (
  request: Request, response: Response, handler: (request: Request, reply: Response) => Promise<unknown>
): Promise<void> {
  if (request.session.id !== undefined) promiseMethods(request.session)
  const { body: sent } = request
  if (typeof sent === 'string' || sent instanceof Uint8Array) request.body = JSON.parse(Buffer.from(sent).toString())
  Object.assign(response, { code: (status: number) => response.status(status) })
  try {
    const body = await handler(request, response)
    if (response.headersSent || body === response) return
    if (body === undefined) response.end()
    else response.json(body)
  } catch (error) {
    const { statusCode = 500, code, message } = untyped(error)
    response.status(statusCode).json({ statusCode, code, message })
  }
}

/** Lets the methods of a session return promises, as those of `@fastify/session` do. */
function promiseMethods (session: object): void {
  for (const name of ['regenerate', 'destroy', 'save']) {
    const method: (done: (error?: unknown) => void) => unknown = Reflect.get(session, name)
    const value = (done?: (error?: unknown) => void) => done === undefined
      ? promisify(method).call(session)
      : method.call(session, done)
    Object.defineProperty(session, name, { value, configurable: true, writable: true })
  }
}

function cookieOf (line: string) {
  const [pair = '', ...attributes] = line.split(';')
  const at = pair.indexOf('=')
  const isOver = attributes.some(attribute => /expires=thu, 01 jan 1970/i.test(attribute))
  const value = decodeURIComponent(pair.slice(at + 1))
  return { name: pair.slice(0, at), value, ...isOver ? { maxAge: 0 } : {} }
}

/** The same sessions, as a store of `express-session`. */
function storeOver (sessions: Sessions): Store {
  return Object.assign(new MemoryStore(), { ...untyped(sessions), touch: undefined })
}
