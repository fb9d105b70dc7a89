import type {
  Challenged, ChallengeInput, Done, Enrolled, EnrollInput, FactorList, RecoveredAccess, RecoveryCodes,
  RememberedBrowsers, Renamed, VerifiedFactor
} from './answers.js'
import { call, type Call } from './call.js'
import type { Fetch } from './fetch.js'
import type { Login } from './login.js'
import type { Result } from './result.js'

/** Options of `createTotpClient`. */
export interface TotpClientOptions {
  /** Where the endpoints are: a path in a browser, a whole URL elsewhere. @default '/totp' */
  readonly prefix?: string
  /** @default the `fetch` of the environment */
  readonly fetch?: Fetch
  /** The bearer token of the login; null where a cookie holds the session. @default null */
  readonly token?: string | null
  /** Called with each new token of the server, which replaces the one before. */
  readonly onToken?: (token: string) => void
}

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call. Its promise then rejects, as that of `fetch` does. */
  readonly signal?: AbortSignal
}

/**
 * The endpoints. A method resolves with the answer, or with why there is none. It rejects only when the
 * caller's own signal aborts it.
 */
export interface TotpClient {
  /** The factors, and the approval of this session. */
  factors (options?: CallOptions): Promise<Result<FactorList>>
  /** Enrolls an app; its secret and QR code are in this answer only. */
  enroll (names?: EnrollInput, options?: CallOptions): Promise<Result<Enrolled>>
  /** Gives the first code of a factor; a right one approves this session. */
  verify (sid: string, code: string, options?: CallOptions): Promise<Result<VerifiedFactor>>
  rename (sid: string, friendlyName: string, options?: CallOptions): Promise<Result<Renamed>>
  remove (sid: string, options?: CallOptions): Promise<Result<Done>>
  /** Answers a challenge; a right code approves this session and, with `remember`, this browser. */
  challenge (input: ChallengeInput, options?: CallOptions): Promise<Result<Challenged>>
  /** Gives a recovery code or a pass; a right one approves this session. */
  recover (code: string, options?: CallOptions): Promise<Result<RecoveredAccess>>
  /** Replaces the recovery codes; the new ones are in this answer only. */
  newRecoveryCodes (options?: CallOptions): Promise<Result<RecoveryCodes>>
  /** The remembered browsers. */
  browsers (options?: CallOptions): Promise<Result<RememberedBrowsers>>
  /** Forgets a remembered browser, or with `current` this one. */
  forgetBrowser (sid: string, options?: CallOptions): Promise<Result<Done>>
  forgetBrowsers (options?: CallOptions): Promise<Result<Done>>
  /** Takes the approval of this session away. */
  withdraw (options?: CallOptions): Promise<Result<Done>>
  /** The present bearer token; null where a cookie holds the session. */
  readonly token: string | null
  /**
   * Sets the token after a login; null after a logout, with a cookie too. It begins another user: answers to
   * earlier requests bring no token, and none of these requests is sent again.
   */
  setToken (token: string | null): void
  /**
   * Sets the token that a refresh of `old` brought. It has no effect if `old` isn't the present token any
   * more, because the user was approved or has logged out meanwhile.
   */
  replaceToken (old: string | null, token: string): void
}

const logins = new WeakMap<TotpClient, Login>()

/** Makes a client of the endpoints, for one user at a time. */
export function createTotpClient (options: TotpClientOptions = {}): TotpClient {
  const { prefix = '/totp', fetch = ofEnvironment, token = null, onToken } = options
  const login: Login = {
    fetch, prefix: prefix.replace(/\/$/, ''), token, onToken, changes: 0, user: new AbortController()
  }

  // A sid has letters and digits. With a dot or without a character, a path could be another endpoint's.
  const below = (list: string, sid: string) => `/${list}/${sid.replace(/\W|^$/g, '-')}`
  const factor = (sid: string) => below('factors', sid)
  const send = <Value>(
    method: Call['method'], path: string, property: (keyof Value & string) | 'token',
    more?: CallOptions & Pick<Call, 'body'>
  ) => call<Value>(login, { method, path, property, ...more })

  const client: TotpClient = {
    factors: options => send('GET', '/factors', 'factors', options),
    enroll: (body = {}, options) => send('POST', '/factors', 'binding', { body, ...options }),
    verify: (sid, code, options) => send('POST', `${factor(sid)}/verify`, 'approval', { body: { code }, ...options }),
    rename: (sid, friendlyName, options) =>
      send('PATCH', factor(sid), 'factor', { body: { friendlyName }, ...options }),
    remove: (sid, options) => send('DELETE', factor(sid), 'token', options),
    challenge: (body, options) => send('POST', '/challenges', 'approval', { body, ...options }),
    recover: (code, options) => send('POST', '/recovery', 'approval', { body: { code }, ...options }),
    newRecoveryCodes: options => send('POST', '/recovery-codes', 'recoveryCodes', options),
    browsers: options => send('GET', '/browsers', 'browsers', options),
    forgetBrowser: (sid, options) => send('DELETE', below('browsers', sid), 'token', options),
    forgetBrowsers: options => send('DELETE', '/browsers', 'token', options),
    withdraw: options => send('DELETE', '/approval', 'token', options),

    get token () { return login.token },

    setToken (token) {
      login.token = token
      login.changes++
      login.user.abort()
      login.user = new AbortController()
    },

    replaceToken (old, token) {
      if (old !== login.token) return
      login.token = token
      login.changes++
    }
  }
  logins.set(client, login)
  return client
}

/** The login of a client; it isn't among the client's properties, because none of it is for the host. */
export function loginOf (client: TotpClient): Login {
  const login = logins.get(client)
  if (login === undefined) throw new TypeError('not from createTotpClient')
  return login
}

/** Looked up with each request: browsers refuse a `fetch` without its window, and tests replace it. */
const ofEnvironment: Fetch = async (...args) => await globalThis.fetch(...args)
