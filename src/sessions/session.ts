import { markOf } from '../entity/mark.js'

/**
 * Where a login session keeps its mark. Bring your own when yours lives elsewhere than in `@fastify/session`
 * or `@fastify/secure-session`, for example in a table beside the bearer token.
 */
export interface SessionPort<Request = unknown, Reply = unknown> {
  /**
   * What `write` last kept in the login session of this request; anything else means that it holds no mark.
   */
  read (request: Request): unknown
  /**
   * Keeps the mark in the login session of this request, beside all that is there. Resolves when it is kept;
   * a rejection is answered with 503. With `rotate`, a session that has an id gets a new one: whoever knew it
   * before the approval must not be approved.
   */
  write (request: Request, reply: Reply, mark: string, rotate: boolean): Promise<void> | void
}

/** Name of the entry that holds the mark. */
export const MARK = 'totpMark'

/** Taken for a hook by mistake, `write` would let everybody pass; a hook gets a function for a mark. */
export function requireMark (mark: unknown): void {
  if (markOf(mark) === null) throw new TypeError('write takes a mark: as a guard, use app.totp.required()')
}

/** The part of a session object that both plugins have in common. */
export interface KeyedSession {
  get (key: string): unknown
  set (key: string, value: unknown): void
}

/**
 * `request.session`, or null when the session plugin's hook has not run yet, or has taken the session away.
 */
export function sessionOf (request: unknown): KeyedSession | null {
  const session = property(request, 'session')
  return hasMethods(session) ? session : null
}

function hasMethods (session: unknown): session is KeyedSession {
  return typeof property(session, 'get') === 'function' && typeof property(session, 'set') === 'function'
}

function property (object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}
