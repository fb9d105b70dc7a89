import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import twilio from 'twilio'
import { memoryStore } from '../../src/index.js'
import { verifyApi, type VerifyApiOptions, type VerifyDocument } from '../../src/verify-api.js'
import { KEY, START } from '../site.js'

/** A server that answers as Verify does, on a port of its own, and a clock that stands until it is moved. */
export interface StandIn {
  readonly app: FastifyInstance
  /** Twilio's own helper library, pointed at the stand-in. */
  readonly client: ReturnType<typeof twilio>
  readonly baseUrl: string
  readonly accountSid: string
  readonly authToken: string
  /** A service that is there from the beginning. */
  readonly serviceSid: string
  /** The time, in Unix seconds. */
  now (): number
  /** Moves the clock on, or back; not one that was given. */
  wait (seconds: number): void
  /** One request, as curl would send it; `path` is below `/v2`. */
  fetch (path: string, request?: StandInRequest): Promise<StandInResponse>
}

export interface StandInRequest {
  readonly method?: string
  /** The parameters of a POST; a text is sent as it is. */
  readonly form?: Form | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface StandInResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; null when it is empty. */
  readonly body: any // eslint-disable-line @typescript-eslint/no-explicit-any -- what is sent has no type
}

export interface StandInOptions extends Partial<VerifyApiOptions> {
  readonly server?: FastifyServerOptions
  /** Called before the stand-in is registered, for what a host may have done. */
  readonly host?: (app: FastifyInstance) => void | Promise<void>
}

type Form = Readonly<Record<string, string | number | readonly string[]>>

/** Starts one. Two of them on one store are two instances of the same service. */
export async function standIn (
  t: { after (fn: () => Promise<void>): void }, { server = {}, host, ...options }: StandInOptions = {}
): Promise<StandIn> {
  let time = START
  const clock = options.clock ?? (() => time)
  const accountSid = options.accountSid ?? ACCOUNT_SID
  const authToken = options.authToken ?? AUTH_TOKEN

  const app = Fastify(server)
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
    wait: seconds => { time += seconds }
  }
}

/** Sends requests with credentials. */
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

/** A form as it is sent; a list repeats its name. */
export function encoded (form: Form | string): string {
  if (typeof form === 'string') return form
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [value]).map(each => [name, String(each)]))
  return pairs.map(pair => pair.map(encodeURIComponent).join('=')).join('&')
}

/** The account of every stand-in, so that several of them can be instances of one service. */
export const ACCOUNT_SID = `AC${randomBytes(16).toString('hex')}`
export const AUTH_TOKEN = randomBytes(16).toString('hex')
