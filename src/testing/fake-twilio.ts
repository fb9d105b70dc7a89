import { randomBytes } from 'node:crypto'
import type { TwilioClient } from '../providers/twilio.js'
import { createKeyring } from '../seal.js'
import { memoryStore } from '../stores/memory.js'
import { secondsOf, systemClock, type Clock } from '../time/clock.js'
import type { VerifyCall, VerifyEndpoint } from '../verify-api/endpoints/endpoint.js'
import { ENDPOINTS } from '../verify-api/endpoints/endpoints.js'
import type { VerifyDocument } from '../verify-api/records/documents.js'
import { recordsIn } from '../verify-api/records/records.js'
import { refusalFor } from '../verify-api/refusal-for.js'
import { formOf } from '../verify-api/wire/form.js'
import { NotFound, refusalBody } from '../verify-api/wire/refusal.js'

/** Options of `fakeTwilio`. */
export interface FakeTwilioOptions<Client extends TwilioClient> {
  /** The function that the package `twilio` exports, 5.12 or later. */
  readonly twilio: (accountSid: string, authToken: string, options: never) => Client
  /** The clock of the server under test. @default the clock of this machine */
  readonly clock?: Clock
}

/** The options of `twilioProvider`. */
export interface FakeTwilio<Client extends TwilioClient> {
  /** The real client of the package `twilio`. Its requests stay in this process. */
  readonly client: Client
  /** The sid of a Verify service, which exists already. */
  readonly serviceSid: string
}

/** A request of Twilio's client, as far as Verify v2 needs it. */
interface ClientRequest {
  readonly method: 'get' | 'post' | 'delete'
  readonly uri: string
  readonly params?: Fields
  readonly data?: Fields
}

type Fields = Readonly<Record<string, unknown>>

/** Seconds. The store is in this process. */
const TIMEOUT = 60
const ORIGIN = 'https://verify.twilio.com'
const ROUTES = ENDPOINTS.map(endpoint => ({ endpoint, pattern: patternOf(endpoint.path) }))

/**
 * Creates a Twilio account for a test: the stand-in for Verify v2 in this process, with a service, and
 * Twilio's own client for it. No socket is opened, so there is nothing to close.
 */
export async function fakeTwilio<Client extends TwilioClient> (
  { twilio, clock = systemClock }: FakeTwilioOptions<Client>
): Promise<FakeTwilio<Client>> {
  // A clock of milliseconds would fail with the first request, and leave the account without a service.
  secondsOf(clock)
  const accountSid = `AC${randomBytes(16).toString('hex')}`
  const records = recordsIn({ store: memoryStore<VerifyDocument>(), clock, timeout: TIMEOUT })
  const keyring = createKeyring([randomBytes(32)])

  async function request ({ method, uri, params, data }: ClientRequest) {
    const { pathname, searchParams } = new URL(uri)
    try {
      const { endpoint, params: names } = routeTo(method.toUpperCase(), pathname)
      const { status, body } = await endpoint.handle({
        records: records(),
        keyring,
        root: { accountSid, base: ORIGIN },
        params: names,
        query: formOf(encoded([...searchParams, ...pairsOf(params)])),
        form: formOf(encoded(pairsOf(data)), endpoint.invalid)
      })
      return { statusCode: status, body: JSON.stringify(body ?? null) }
    } catch (error) {
      const refused = refusalFor(error, pathname)
      return { statusCode: refused.status, body: JSON.stringify(refusalBody(refused)) }
    }
  }

  const service = await request({ method: 'post', uri: `${ORIGIN}/v2/Services`, data: { FriendlyName: 'Test' } })
  const { sid: serviceSid } = JSON.parse(service.body)
  // The type of the client's options asks for Twilio's own HTTP client, of which only `request` is called.
  const options = { httpClient: { request } }
  const authToken = randomBytes(16).toString('hex')
  return { client: Reflect.apply(twilio, undefined, [accountSid, authToken, options]), serviceSid }
}

function routeTo (method: string, path: string): { endpoint: VerifyEndpoint, params: VerifyCall['params'] } {
  for (const { endpoint, pattern } of ROUTES) {
    const found = endpoint.method === method ? pattern.exec(path) : null
    if (found !== null) return { endpoint, params: { ...found.groups } }
  }
  throw new NotFound()
}

function patternOf (path: string): RegExp {
  return new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
}

function encoded (pairs: Array<[string, string]>): string {
  return new URLSearchParams(pairs).toString()
}

/** A list repeats its name. */
function pairsOf (fields: Fields = {}): Array<[string, string]> {
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, string] => [name, String(each)]))
}
