import assert from 'node:assert/strict'
import type { FastifyInstance } from 'fastify'
import { authenticator, type Authenticator } from './authenticator.js'

/** What came back. */
export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** The body as JSON. */
  json (): any // eslint-disable-line @typescript-eslint/no-explicit-any -- what a server sends has no type
  /** The `code` of an error. */
  readonly code: string | undefined
}

/** The user's first factor, or another one, after its first code. */
export interface Verified extends Enrolled {
  /** With the first one, the codes that were shown; else none. */
  readonly recoveryCodes: readonly string[]
}

/** A factor that was enrolled, with the app that holds its secret. */
export interface Enrolled extends Authenticator {
  readonly sid: string
  readonly secret: string
  readonly uri: string
  readonly qr: string
}

/** Somebody with a browser: it keeps cookies, and sends what a browser sends. */
export interface Visitor {
  cookies: Map<string, string>
  /** The `cookie` header that it sends. */
  cookieHeader (): string
  request (method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  get (url: string): Promise<Response>
  post (url: string, body?: unknown): Promise<Response>
  patch (url: string, body?: unknown): Promise<Response>
  delete (url: string): Promise<Response>
  /** Enrolls a factor, without verifying it. */
  enroll (friendlyName?: string): Promise<Enrolled>
  /** Enrolls a factor and verifies it with the code of `now`. */
  enrollVerified (now: number, friendlyName?: string): Promise<Verified>
  challenge (code: unknown, factorSid?: string): Promise<Response>
  /** Gives a recovery code or a pass. */
  recover (code: unknown): Promise<Response>
  vault (): Promise<Response>
  /** The same browser with a copy of the cookies, as when it sends two requests at once. */
  copy (): Visitor
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

/** Somebody who visits `app`. */
export function visitor (app: FastifyInstance, cookies = new Map<string, string>()): Visitor {
  function cookieHeader (): string {
    return [...cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ')
  }

  async function request (method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) {
    const cookie = cookieHeader()
    const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await app.inject({ method, url, ...payload, headers: { ...type, cookie, ...headers } })
    for (const { name, value, maxAge } of response.cookies) {
      if (maxAge === 0) cookies.delete(name)
      else cookies.set(name, value)
    }
    const json = () => JSON.parse(response.payload)
    const isError = response.statusCode >= 400 && response.payload.startsWith('{')
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.payload,
      json,
      code: isError ? json().code : undefined
    }
  }

  async function enroll (friendlyName?: string): Promise<Enrolled> {
    const response = await request('POST', '/totp/factors', friendlyName === undefined ? {} : { friendlyName })
    assert.equal(response.status, 201, response.text)
    const { factor, binding } = response.json()
    return { ...authenticator(binding.secret, factor.config), sid: factor.sid, ...binding }
  }

  return {
    cookies,
    cookieHeader,
    request,
    get: async url => await request('GET', url),
    post: async (url, body) => await request('POST', url, body),
    patch: async (url, body) => await request('PATCH', url, body),
    delete: async url => await request('DELETE', url),
    enroll,

    async enrollVerified (now, friendlyName) {
      const factor = await enroll(friendlyName)
      const verified = await request('POST', `/totp/factors/${factor.sid}/verify`, { code: factor.code(now) })
      assert.equal(verified.status, 200, verified.text)
      return { ...factor, recoveryCodes: verified.json().recoveryCodes ?? [] }
    },

    challenge: async (code, factorSid) =>
      await request('POST', '/totp/challenges', factorSid === undefined ? { code } : { code, factorSid }),
    recover: async code => await request('POST', '/totp/recovery', { code }),
    vault: async () => await request('GET', '/vault'),
    copy: () => visitor(app, new Map(cookies))
  }
}
