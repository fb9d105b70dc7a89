/** Where each code is explained. */
const PAGES = 'https://www.twilio.com/docs/errors/'

/** Every refusal that has nothing more to say than what it is: HTTP status and message by code. */
const REFUSALS = {
  20003: [401, 'Authenticate'],
  20004: [405, 'Method not allowed'],
  20500: [500, 'Internal Server Error'],
  20503: [503, 'Service unavailable'],
  60204: [403, 'Service does not support this feature'],
  60301: [409, 'Entity already exists'],
  60308: [429, 'Challenge verification attempts limit reached'],
  60310: [429, 'Factor verification attempts reached'],
  60311: [403, 'Factor verification failed'],
  60312: [429, 'Challenge creation limit reached'],
  60315: [400, 'Reached max limit of 100 TOTP Factors associated per Entity'],
  60317: [409, 'Factor already exists'],
  60318: [403, 'Factor is unverified'],
  60322: [403, 'Challenge already responded'],
  60323: [403, 'Challenge expired'],
  60326: [429, 'Too many requests to create factors for the entity']
} as const satisfies Readonly<Record<number, readonly [status: number, message: string]>>

/** The code for parameters that can't be: one for those of a service, one for all else. */
export type InvalidCode = 60200 | 60306

/** An answer that isn't what was asked for, in Twilio's terms. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: number

  constructor (status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** There is no such thing under the path of the request. */
export class NotFound extends Error {
  override readonly name = 'NotFound'
}

/** The refusal with a code. */
export function refusal (code: keyof typeof REFUSALS): Refusal {
  const [status, message] = REFUSALS[code]
  return new Refusal(status, code, message)
}

/** A parameter that isn't there, and has to be. */
export function missing (name: string): Refusal {
  return new Refusal(400, 20001, `Missing required parameter ${name} in the post body`)
}

/** A parameter that can't have this value; the message names it, and never says what the value was. */
export function invalid (code: InvalidCode, name: string, expected: string): Refusal {
  return new Refusal(400, code, `Invalid parameter: ${name} ${expected}`)
}

/** A request that can't be read at all. */
export function unreadable (status: number): Refusal {
  return new Refusal(status, 60306, 'Invalid Request')
}

/** Nothing is kept at this path. */
export function notFound (path: string): Refusal {
  return new Refusal(404, 20404, `The requested resource ${path} was not found`)
}

/** The body of a refusal. */
export function wireRefusal ({ code, message, status }: Refusal): object {
  return { code, message, more_info: `${PAGES}${code}`, status }
}
