import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import twilio from 'twilio'
import { memoryStore } from '../../src/index.js'
import { testClock } from '../../src/testing.js'
import { verifyApi, type VerifyApiOptions, type VerifyDocument } from '../../src/verify-api.js'
import { KEY, START } from '../site.js'

/** A stand-in on a port of its own, with a clock that only the test moves. */
export interface StandIn {
  readonly app: FastifyInstance
  /** Twilio's helper library, pointed at the stand-in. */
  readonly client: ReturnType<typeof twilio>
  readonly baseUrl: string
  readonly accountSid: string
  readonly authToken: string
  /** The sid of a service that exists from the start. */
  readonly serviceSid: string
  /** The time, in Unix seconds. */
  now (): number
  /** Moves the clock forward, or back. It has no effect on a clock from the options. */
  wait (seconds: number): void
  /** Sends a request as curl would; `path` is below `/v2`. */
  fetch (path: string, request?: StandInRequest): Promise<StandInResponse>
}

export interface StandInRequest {
  readonly method?: string
  /** The parameters of a POST. A string is sent as it is. */
  readonly form?: Form | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface StandInResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; null if it is empty. */
  readonly body: any // eslint-disable-line @typescript-eslint/no-explicit-any -- answers have no type
}

export interface StandInOptions extends Partial<VerifyApiOptions> {
  readonly server?: FastifyServerOptions
  /** Sets up the host before the stand-in is registered. */
  readonly host?: (app: FastifyInstance) => void | Promise<void>
}

type Form = Readonly<Record<string, string | number | readonly string[]>>

/** Starts a stand-in. Two of them on one store are two instances of the same server. */
export async function standIn (
  t: { after (fn: () => Promise<void>): void }, { server = {}, host, ...options }: StandInOptions = {}
): Promise<StandIn> {
  const time = testClock(START)
  const clock = options.clock ?? time
  const accountSid = options.accountSid ?? ACCOUNT_SID
  const authToken = options.authToken ?? AUTH_TOKEN

  const app = Fastify({ pluginTimeout: 0, ...server })
  t.after(async () => await app.close())
  await host?.(app)
  await app.register(verifyApi, {
    store: memoryStore<VerifyDocument>(), keys: [KEY], ...options, accountSid, authToken, clock
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const baseUrl = origin + (options.prefix ?? '')
  const client = twilio(accountSid, authToken)
  client.verify.baseUrl = baseUrl

  const fetch = requester(`${baseUrl}/v2`, accountSid, authToken)
  const { body: { sid: serviceSid } } = await fetch('/Services', { method: 'POST', form: { FriendlyName: 'Acme' } })
  return {
    app,
    client,
    baseUrl,
    accountSid,
    authToken,
    serviceSid,
    fetch,
    now: () => Math.floor(clock()),
    wait: time.advance
  }
}

/** Returns a function that sends requests with these credentials. */
export function requester (baseUrl: string, user: string, password: string): StandIn['fetch'] {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

  return async (path, { method = 'GET', form, headers = {} } = {}) => {
    const sent = form === undefined ? {} : { body: encoded(form) }
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await globalThis.fetch(baseUrl + path, {
      method, ...sent, headers: { authorization, ...type, ...headers }
    })
    const text = await response.text()
    const body = text.startsWith('{') ? JSON.parse(text) : null
    return { status: response.status, headers: response.headers, text, body }
  }
}

/** Encodes a form. A list repeats its name. */
export function encoded (form: Form | string): string {
  if (typeof form === 'string') return form
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [value]).map(each => [name, String(each)]))
  return pairs.map(pair => pair.map(encodeURIComponent).join('=')).join('&')
}

/** All stand-ins have the same account, so several can be instances of one server. */
export const ACCOUNT_SID = `AC${randomBytes(16).toString('hex')}`
export const AUTH_TOKEN = randomBytes(16).toString('hex')
