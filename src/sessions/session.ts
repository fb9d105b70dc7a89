import { markOf } from '../entity/mark.js'

/**
 * Keeps the mark of a login session. Write your own when your sessions are not in `@fastify/session` or
 * `@fastify/secure-session`, for example when they are in a table of bearer tokens.
 */
export interface SessionPort<Request = unknown, Reply = unknown> {
  /**
   * Returns, or resolves, the mark that `write` kept last; any other value means that the session has none.
   */
  read (request: Request): unknown
  /**
   * Keeps the mark in the login session of this request, beside its other content. Resolves once it is kept;
   * a rejection is answered with 503. With `rotate`, a session that has an id must get a new one: an attacker
   * who knew the id before the approval must not be approved.
   */
  write (request: Request, reply: Reply, mark: string, rotate: boolean): Promise<void> | void
}

/** The session's entry that holds the mark, unless the plugin has another `name`. */
export const MARK = 'totpMark'

/** A port of this package. */
export interface OwnPort<Request = unknown, Reply = unknown> extends SessionPort<Request, Reply> {
  /** The property of requests that has the session. */
  readonly property: string
  /** The same port, with the mark in another entry of the session. */
  withEntry (entry: string): OwnPort<Request, Reply>
  /** Hooks that every request needs. */
  readonly hooks?: SessionHooks
}

/** Hooks that must run after those of the session plugin. */
export interface SessionHooks {
  onRequest (request: object): void
  onSend (request: object, reply: CookieHeaders): void
}

/** The part of a reply that has the cookies. */
export interface CookieHeaders {
  getHeader (name: string): unknown
  removeHeader (name: string): unknown
  header (name: string, value: readonly string[]): unknown
}

export function isOwnPort<Request, Reply> (
  port: SessionPort<Request, Reply>
): port is OwnPort<Request, Reply> {
  return Object.hasOwn(port, 'withEntry')
}

/**
 * `write` used as a hook by mistake would let every request pass. A hook gets a function in place of the
 * mark.
 */
export function requireMark (mark: unknown): void {
  if (markOf(mark) === null) throw new TypeError('write takes a mark; to guard a route, use app.totp.required()')
}

/** The methods that the session objects of both plugins have. */
export interface KeyedSession {
  get (key: string): unknown
  set (key: string, value: unknown): void
}

/** The session of a request; null before the session plugin's hook has run, or after it was removed. */
export function sessionOf (request: unknown, name: string = 'session'): KeyedSession | null {
  const session = property(request, name)
  return hasMethods(session) ? session : null
}

/** An entry that the session has itself: a property of `Object.prototype` may be an attacker's. */
export function entryOf (session: KeyedSession, name: string): unknown {
  const value = session.get(name)
  return value === Reflect.get(Object.prototype, name) ? undefined : value
}

function hasMethods (session: unknown): session is KeyedSession {
  return typeof property(session, 'get') === 'function' && typeof property(session, 'set') === 'function'
}

function property (object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}
