import type { Fetch } from './fetch.js'
import { bearer, type Login } from './login.js'

/** A request that can be sent again. */
export interface Sending {
  readonly about: { readonly method: string, readonly url: string }
  readonly signal: AbortSignal | null | undefined
  /** Whether its body is a stream, which can be sent once. */
  readonly isOneShot: boolean
  /** Whether it was sent before the last approval or token. */
  isOlder (): boolean
  /** Sends it with the present token; a repetition has more headers, or an empty object. */
  send (added?: Readonly<Record<string, string>>): Promise<Response>
}

/** Reads the arguments of `fetch`. */
export function sendingOf (
  login: Login, fetch: Fetch, input: string | URL | Request, init: RequestInit = {}
): Sending {
  const request = isRequest(input) ? input : null
  const given = new Headers(init.headers ?? request?.headers)
  // A client of the endpoints adds the token itself; a repetition needs the one of that time.
  const isOurs = [null, bearer(login).authorization].includes(given.get('authorization'))
  let next = request
  let changes = 0

  return {
    about: { method: init.method ?? request?.method ?? 'GET', url: request?.url ?? String(input) },
    signal: init.signal ?? request?.signal,
    isOneShot: isStream(init.body),

    isOlder: () => changes !== login.changes,

    async send (added) {
      changes = login.changes
      const headers = new Headers(given)
      const more = { ...isOurs && bearer(login), ...added }
      for (const [name, value] of Object.entries(more)) headers.set(name, value)
      const now = next ?? input
      // The body of a Request goes with the first one that is sent. One that was used may have another body.
      if (init.body == null) next &&= next.clone()
      // A code or a token that followed a redirect could end at another server.
      return await fetch(now, { ...init, headers, ...added && { redirect: 'error' } })
    }
  }
}

function isRequest (input: string | URL | Request): input is Request {
  return hasMethod(input, 'clone')
}

/** True for streams of browsers, and for streams and generators of Node.js. */
function isStream (body: unknown): boolean {
  return ['getReader', 'pipe', Symbol.asyncIterator].some(name => hasMethod(body, name))
}

function hasMethod (value: unknown, name: string | symbol): boolean {
  return Reflect.has(Object(value), name)
}
