/** Where Twilio explains each code. */
const PAGES = 'https://www.twilio.com/docs/errors/'

/** The refusals whose code says everything: HTTP status and message. */
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

/** The code for an invalid parameter: 60200 for the parameters of a service, 60306 for all others. */
export type InvalidCode = 60200 | 60306

/** An error in Twilio's terms, answered to the client. */
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

/** The path of the request names something that doesn't exist. */
export class NotFound extends Error {
  override readonly name = 'NotFound'
}

/** The refusal with a code. */
export function refusal (code: keyof typeof REFUSALS): Refusal {
  const [status, message] = REFUSALS[code]
  return new Refusal(status, code, message)
}

/** Refuses a request that lacks a required parameter. */
export function missingParameter (name: string): Refusal {
  return new Refusal(400, 20001, `Missing required parameter ${name} in the post body`)
}

/** Refuses the value of a parameter. The message names the parameter and never quotes the value. */
export function invalidParameter (code: InvalidCode, name: string, expected: string): Refusal {
  return new Refusal(400, code, `Invalid parameter: ${name} ${expected}`)
}

/** Refuses a request that can't be parsed. */
export function unreadableRequest (status: number): Refusal {
  return new Refusal(status, 60306, 'Invalid Request')
}

/** Refuses a path at which nothing exists. */
export function notFoundAt (path: string): Refusal {
  return new Refusal(404, 20404, `The requested resource ${path} was not found`)
}

/** The body of a refusal. */
export function refusalBody ({ code, message, status }: Refusal): object {
  return { code, message, more_info: `${PAGES}${code}`, status }
}
