import { markOf } from '../entity/mark.js'
import { ownValue } from '../own-property.js'

/**
 * Keeps the mark of a login session. This package has ports for `@fastify/session`,
 * `@fastify/secure-session`, `express-session`, `cookie-session` and bearer tokens. Write your own for other
 * sessions, for example for a table of opaque tokens.
 */
export interface SessionPort<Request = unknown, Reply = unknown> {
  /**
   * False for sessions of clients that keep no cookies, as with bearer tokens: the option `remember` then
   * stops the boot. @default true
   */
  readonly cookies?: boolean
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

/** A port of this package for a session plugin of Fastify. */
export interface FastifyPort<Request = unknown, Reply = unknown> extends SessionPort<Request, Reply> {
  readonly server: 'fastify'
  /** The property of requests that has the session. */
  readonly property: string
  /** The same port, with the mark in another entry of the session. */
  withEntry (entry: string): FastifyPort<Request, Reply>
  /** Hooks that every request needs. */
  readonly hooks?: SessionHooks
}

/** A port of this package for a session middleware of Express and Connect. */
export interface ConnectPort<Request = unknown, Reply = unknown> extends SessionPort<Request, Reply> {
  readonly server: 'connect'
  /** The same port, with the mark in another entry of the session. */
  withEntry (entry: string): ConnectPort<Request, Reply>
  /** Looks after the session that a request came with, until its answer is sent. */
  lookAfter (request: Request, reply: Reply, log: SessionLog): void
}

/** Where a port says what it sees. An object: a middleware gets a function in its place. */
export interface SessionLog {
  /** Is told of a setting of the session's middleware that is dangerous. */
  warn (warning: string): void
  /** Is told of an error that no handler of the host can get any more. */
  fail (error: unknown): void
}

/** Hooks that must run after those of the session plugin. */
export interface SessionHooks {
  onRequest (request: object): void
  /** Returns a promise only if the session has to be looked up. */
  onSend (request: object, reply: CookieHeaders): void | Promise<void>
}

/** The part of a reply that has the cookies. */
export interface CookieHeaders {
  getHeader (name: string): unknown
  removeHeader (name: string): unknown
  header (name: string, value: readonly string[]): unknown
}

/** True for a port of this package that knows the sessions of Fastify's plugins. */
export function isFastifyPort<Request, Reply> (
  port: SessionPort<Request, Reply>
): port is FastifyPort<Request, Reply> {
  return ownValue(port, 'server') === 'fastify'
}

/** True for a port of this package that knows the sessions of Express and Connect. */
export function isConnectPort<Request, Reply> (
  port: SessionPort<Request, Reply>
): port is ConnectPort<Request, Reply> {
  return ownValue(port, 'server') === 'connect'
}

/**
 * `write` used as a hook by mistake would let every request pass. A hook gets a function in place of the
 * mark. It must throw at once: Express 4 never looks at a promise.
 */
export function requireMark (mark: unknown): void {
  if (markOf(mark) === null) throw new TypeError('write takes a mark; to guard a route, use totp.required()')
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
