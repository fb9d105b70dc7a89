import { bearer, type Login } from './login.js'
import { failed, failureIn, ownValue, parsed, type Result } from './result.js'

/** A request to an endpoint. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** The path below the prefix. */
  readonly path: string
  /** A property of the answer, by which it is told from one that isn't the endpoint's. */
  readonly property: string
  readonly body?: object
  readonly signal?: AbortSignal
}

/**
 * Calls an endpoint. Everything that can go wrong is a value; only an abort of the caller's own rejects.
 */
export async function call<Value> (
  login: Login, { path, property, body, ...init }: Call
): Promise<Result<Value>> {
  const { fetch, prefix, user } = login
  let answer: Response
  let json: unknown
  try {
    answer = await fetch(prefix + path, {
      ...init,
      headers: { ...body && { 'content-type': 'application/json' }, ...bearer(login) },
      ...body && { body: JSON.stringify(body) },
      // A code or a token that followed a redirect could end at another server.
      redirect: 'error'
    })
    json = parsed(await answer.text())
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    return failed('ERR_TOTP_NETWORK', 0, 'No answer from the server.', { cause })
  }

  // Without a body there is no token: the session is of a cookie.
  const isValue = (json: unknown): json is Value =>
    (property === 'token' && answer.status === 204) || ownValue(json, property) != null
  if (!answer.ok || !isValue(json)) return failureIn(answer, json)
  if (property === 'approval') login.changes++
  takeToken(login, json, user)
  return { ok: true, value: json }
}

/** Keeps the token of an answer, if it has one, and takes it out of what the host gets to see. */
function takeToken (login: Login, json: unknown, user: AbortController): void {
  const token = ownValue(json, 'token')
  if (typeof token !== 'string') return
  Reflect.deleteProperty(Object(json), 'token')
  // The user has logged out, or another one has logged in, since the request was sent.
  if (user !== login.user) return
  login.token = token
  login.changes++
  login.onToken?.(token)
}
