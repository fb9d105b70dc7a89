import type { Fetch } from './fetch.js'

/** What a client knows of the login of its user, in memory only. */
export interface Login {
  readonly fetch: Fetch
  /** The path or URL of the endpoints, without a slash at its end. */
  readonly prefix: string
  /** The bearer token; null where a cookie holds the session. */
  token: string | null
  /** Counts approvals and tokens: a request that was sent before the last one may pass now. */
  changes: number
  /** Aborts at the logout of this user. An answer to a request of another one brings no token. */
  user: AbortController
  readonly onToken: ((token: string) => void) | undefined
}

/** The headers of requests with the present token. */
export function bearer ({ token }: Login): { readonly authorization?: string } {
  return token === null ? {} : { authorization: `Bearer ${token}` }
}
