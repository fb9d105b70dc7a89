import type { AnyTotpError } from '../errors.js'

/**
 * The stable codes. Two are the client's own: `ERR_TOTP_NETWORK` for a request that got no answer, and
 * `ERR_TOTP_ANSWER` for an answer that isn't from the endpoints, such as a proxy's page.
 */
export type FailureCode = AnyTotpError['code'] | 'ERR_TOTP_NETWORK' | 'ERR_TOTP_ANSWER'

/** Why a request failed. */
export interface TotpFailure {
  /** Stable: decide by it. Other parts of a server, such as its rate limit, may have codes of their own. */
  readonly code: FailureCode | (string & Record<never, never>)
  /** HTTP status; 0 for a request that got no answer. */
  readonly status: number
  /** In English. A message of this package is safe to show to the user. */
  readonly message: string
  /** Seconds to wait before another try; null where the server doesn't tell. */
  readonly retryAfter: number | null
  /** What `fetch` rejected with, for `ERR_TOTP_NETWORK`. */
  readonly cause?: unknown
}

/** An answer, or why there is none. */
export type Result<Value> =
  | { readonly ok: true, readonly value: Value }
  | { readonly ok: false, readonly error: TotpFailure }

/** A failure: of a request, or of an answer. */
export function failed (
  code: TotpFailure['code'], status: number, message: string, more: Partial<TotpFailure> = {}
) {
  return { ok: false, error: { code, status, message, retryAfter: null, ...more } } as const
}

/** The failure that an answer tells of; `body` is its JSON. */
export function failureIn ({ status, headers }: Response, body: unknown) {
  const textOf = (name: string, byDefault: string) => {
    const value = ownValue(body, name)
    return typeof value === 'string' ? value : byDefault
  }
  // A date, which proxies may send, is no number.
  const retryAfter = Number(headers.get('retry-after')) || null
  return failed(textOf('code', 'ERR_TOTP_ANSWER'), status, textOf('message', `HTTP ${status}`), { retryAfter })
}

/** The JSON of a text; undefined for anything else. */
export function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A property of a body, which may be anything; undefined where it has none of its own. */
export function ownValue (body: unknown, name: string): unknown {
  return Object.getOwnPropertyDescriptor(Object(body), name)?.value
}
