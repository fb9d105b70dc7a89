import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import Fastify from 'fastify'
import { SignJWT, decodeJwt, jwtVerify, type JWTPayload } from 'jose'
import type { Test } from 'tap'
import {
  memoryStore, tokenSession, verifyTotp, type EntityStore, type Totp, type TotpClaims, type TotpOptions
} from '../../src/index.js'
import { createTotp } from '../../src/connect.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import { serve, type Kind } from '../connect/server.js'
import { KEY, START } from '../site.js'
import { untyped } from '../untyped.js'

/** The servers that bearer tokens are tried on. */
export type Server = 'Fastify' | Kind
export const SERVERS: readonly Server[] = ['Fastify', 'Express 5', 'Express 4', 'node:http']

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  readonly code: string | undefined
  /** The new token, if there is one. */
  readonly token: string | undefined
  json (): any // eslint-disable-line @typescript-eslint/no-explicit-any -- what a server sends has no type
}

type Headers = Readonly<Record<string, string>>

/** An app on a phone: it keeps a token, sends it, and takes each new one. */
export interface Client {
  token: string | undefined
  ask (method: string, path: string, body?: object, headers?: Headers): Promise<Answer>
  challenge (code: string): Promise<Answer>
  vault (): Promise<Answer>
  /** The claims of its token. */
  claims (): JWTPayload
  enrollVerified (): Promise<Enrolled>
  /** The same app with a copy of the token. */
  copy (): Client
}

export interface Enrolled extends Authenticator {
  readonly sid: string
  readonly recoveryCodes: readonly string[]
}

/** A request of any server, with the methods that hosts have for their handlers. */
export interface Asked {
  readonly request: unknown
  readonly reply: unknown
  readonly body: unknown
  readonly claims: JWTPayload | undefined
}

type Route = (totp: Totp, asked: Asked) => Promise<object>

export interface ApiOptions {
  readonly totp?: Partial<TotpOptions>
  readonly store?: EntityStore
  /** Signs a token in the place of the server. */
  readonly issue?: (request: unknown, totp: TotpClaims) => unknown
  /** More routes, each by its path: answers with what it returns. */
  readonly routes?: Readonly<Record<string, Route>>
}

export interface Api {
  readonly totp: Totp
  readonly store: EntityStore
  /** All that was logged. */
  readonly lines: string[]
  now (): number
  wait (seconds: number): void
  client (token?: string): Client
  login (identity: string): Promise<Client>
}

const SECRET = new TextEncoder().encode('a secret that is for tests alone, and long')

/** Signs a JWT. */
export async function sign (claims: JWTPayload): Promise<string> {
  return await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256' }).setJti(crypto.randomUUID()).sign(SECRET)
}

/** The claims of the JWT that a request brings; undefined, if there is none that is valid. */
async function claimsIn (request: unknown): Promise<JWTPayload | undefined> {
  const { headers: { authorization = '' } }: Pick<IncomingMessage, 'headers'> = untyped(request)
  const verified = await jwtVerify(authorization.replace(/^Bearer /i, ''), SECRET).catch(() => undefined)
  return verified?.payload
}

async function issueFor (request: unknown, totp: TotpClaims): Promise<string> {
  return await sign({ ...subjectOf(await claimsIn(request)), ...totp })
}

/** The claims that are the host's own. */
function subjectOf (claims: JWTPayload | undefined): JWTPayload {
  return { sub: String(claims?.sub) }
}

/** A server whose users log in with JWTs. */
export async function api (t: Test, server: Server, options: ApiOptions = {}): Promise<Api> {
  const { store = memoryStore(), issue = issueFor, routes = {} } = options
  const lines: string[] = []
  let time = START
  const settings = {
    issuer: 'Acme',
    keys: [KEY],
    store,
    identify: async (request: unknown) => (await claimsIn(request))?.sub,
    session: tokenSession({ claims: claimsIn, issue: untyped(issue) }),
    clock: () => time,
    ...options.totp
  }
  const own: ApiOptions['routes'] = {
    '/login': async (totp, { request, reply, body }) => {
      assert.deepEqual(await totp.forget(untyped(request), untyped(reply)), {}, 'nothing is left to forget')
      return { token: await sign({ sub: String(Reflect.get(Object(body), 'username')) }) }
    },
    '/logout': async (totp, { request, reply }) => await totp.forget(untyped(request), untyped(reply)),
    '/refresh': async (totp, { request, claims }) => ({
      token: await sign({ ...subjectOf(claims), ...await totp.claims(await totp.caller(untyped(request))) })
    }),
    ...routes
  }
  const start = server === 'Fastify' ? startFastify : startConnect
  const { totp, ask } = await start(t, server, settings, own, lines)

  function client (token: string | undefined): Client {
    const phone: Client = {
      token,

      async ask (method, path, body, headers = {}) {
        const bearer = phone.token === undefined ? {} : { authorization: `Bearer ${phone.token}` }
        const type = body === undefined ? {} : { 'content-type': 'application/json' }
        const payload = body === undefined ? undefined : JSON.stringify(body)
        const sent = { ...bearer, ...type, ...headers }
        const { status, headers: answered, text } = await ask(method, path, sent, payload)
        const json = () => JSON.parse(text)
        const { code, token } = text.startsWith('{') ? json() : {}
        if (token !== undefined) phone.token = token
        return { status, headers: answered, text, json, code, token }
      },

      challenge: async code => await phone.ask('POST', '/totp/challenges', { code }),
      vault: async () => await phone.ask('GET', '/vault'),
      claims: () => decodeJwt(String(phone.token)),

      async enrollVerified () {
        const enrolled = await phone.ask('POST', '/totp/factors', {})
        assert.equal(enrolled.status, 201, enrolled.text)
        const { factor: { sid, config }, binding: { secret } } = enrolled.json()
        const app = authenticator(secret, config)
        const verified = await phone.ask('POST', `/totp/factors/${sid}/verify`, { code: app.code(time) })
        assert.equal(verified.status, 200, verified.text)
        return { ...app, sid, recoveryCodes: verified.json().recoveryCodes ?? [] }
      },

      copy: () => client(phone.token)
    }
    return phone
  }

  return {
    totp,
    store,
    lines,
    now: () => time,
    wait: seconds => { time += seconds },
    client,

    async login (identity) {
      const phone = client(undefined)
      const { status, text } = await phone.ask('POST', '/login', { username: identity })
      assert.equal(status, 200, text)
      return phone
    }
  }
}

type Ask = (
  method: string, path: string, headers: Record<string, string>, payload?: string
) => Promise<Pick<Answer, 'status' | 'headers' | 'text'>>

type Start = (
  t: Test, server: Server, settings: TotpOptions, routes: NonNullable<ApiOptions['routes']>, lines: string[]
) => Promise<{ readonly totp: Totp, readonly ask: Ask }>

const startFastify: Start = async (t, _server, settings, routes, lines) => {
  const stream = { write: (line: string) => { lines.push(line) } }
  const app = Fastify({ pluginTimeout: 0, logger: { level: 'trace', base: null, stream } })
  t.teardown(async () => await app.close())
  await app.register(verifyTotp, settings)
  for (const [url, route] of Object.entries(routes)) {
    app.route({
      method: ['GET', 'POST'],
      url,
      handler: async (request, reply) => {
        const { body } = request
        return await route(app.totp, { request, reply, body, claims: await claimsIn(request) })
      }
    })
  }
  app.get('/vault', { preHandler: app.totp.required() }, async () => ({ vault: 'gold' }))
  app.post('/transfer', { preHandler: app.totp.required({ maxAge: 60 }) }, async () => ({ transfer: 'sent' }))
  const ask: Ask = async (method, url, headers, payload) => {
    const body = payload === undefined ? {} : { payload }
    const response = await app.inject(untyped({ method, url, headers, ...body }))
    return { status: response.statusCode, headers: response.headers, text: response.payload }
  }
  return { totp: app.totp, ask }
}

const startConnect: Start = async (t, server, { routes: _routes, ...settings }, routes, lines) => {
  assert.ok(server !== 'Fastify')
  const totp = createTotp({
    ...settings,
    session: untyped(settings.session),
    log: (error, message) => { lines.push(JSON.stringify([message, ...described(error)])) }
  })
  const same: Totp = untyped(totp)
  const served = await serve(t, server, host => {
    host.use(totp.routes())
    for (const [path, route] of Object.entries(routes)) {
      host.route(path, (request, response) => { answer(same, route, request, response) })
    }
    const say = (body: object) =>
      (_request: IncomingMessage, response: ServerResponse) => end(response, 200, body)
    host.route('/vault', totp.required(), say({ vault: 'gold' }))
    host.route('/transfer', totp.required({ maxAge: 60 }), say({ transfer: 'sent' }))
  })
  const ask: Ask = async (method, path, headers, body) =>
    await served.ask({ method, path, headers, ...body === undefined ? {} : { body } })
  return { totp: same, ask }
}

function answer (totp: Totp, route: Route, request: IncomingMessage, response: ServerResponse): void {
  const answered = async () => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    return await route(totp, { request, reply: response, body, claims: await claimsIn(request) })
  }
  answered().then(body => end(response, 200, body), error => {
    const { statusCode = 500, code, message } = untyped(error)
    end(response, statusCode, { statusCode, code, message })
  })
}

function end (response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** What loggers print of an error. */
function described (error: Error): unknown[] {
  const { name, message, stack, cause } = error
  return [{ ...error, name, message, stack }, ...cause instanceof Error ? described(cause) : []]
}
