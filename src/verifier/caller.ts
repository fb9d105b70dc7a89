import { isIdentity } from '../entity/identity.js'
import { hashOf, markOf, type Session } from '../entity/mark.js'
import { IdentityError, UnidentifiedError } from '../errors.js'
import type { EventSource } from '../events.js'
import { getOwn, hasOwn } from '../own-property.js'

/** Who calls: a request of a login session, or the application itself (a job, an administrator's script). */
export type Caller = SessionCaller | Operator

/** A request of a login session. The approval of that session decides what the request may do. */
export interface SessionCaller {
  /** The user who is logged in: 1 to 256 bytes of well-formed text, compared byte by byte. */
  readonly identity: string
  /** The login session that the request belongs to. */
  readonly session: LoginSession
  /** Passed on to the events that the request causes, such as its id and ip. @default null */
  readonly context?: unknown
}

/** A login session, as a request of it found it. */
export interface LoginSession {
  /** The mark that the session holds for this package: 22 characters, or null when it holds none yet. */
  readonly mark: string | null
  /** When the request began, in Unix seconds. */
  readonly began: number
}

/**
 * The application itself. It needs no approval and gets none, so the application must check who is allowed to
 * call it.
 */
export interface Operator {
  /** The user whose factors the call is about. */
  readonly identity: string
  /** States that the call is made on purpose without a session. */
  readonly operator: true
}

/**
 * The identity in the value that `identify` returned. Throws `UnidentifiedError` for undefined, null, '' and
 * strings that can't name a user, and `IdentityError` for any other type: coercing one would mix up users.
 */
export function identityOf (identified: unknown): string {
  if (identified === undefined || identified === null || identified === '') throw new UnidentifiedError(true)
  if (typeof identified !== 'string') {
    throw new IdentityError(new TypeError(`identify returned a ${typeof identified}, but must return a string`))
  }
  if (!isIdentity(identified)) throw new UnidentifiedError()
  return identified
}

/** The session of a caller, or null for an operator. Throws a `TypeError` for anything that is neither. */
export function sessionOf (caller: Caller): Session | null {
  if (hasOwn(caller, 'operator')) {
    if (caller.operator === true && !hasOwn(caller, 'session')) return null
  } else if (hasOwn(caller, 'session') && typeof caller.session === 'object' && caller.session !== null) {
    const [mark, began] = [markOf(getOwn(caller.session, 'mark')), getOwn(caller.session, 'began')]
    if (typeof began === 'number' && Number.isFinite(began)) return { hash: mark && hashOf(mark), began }
  }
  throw new TypeError('a caller needs an identity, and either a session or "operator: true"')
}

/** What the events that a caller causes say about it. Polluted prototypes say nothing. */
export function sourceOf (caller: Caller): EventSource {
  if (Object.hasOwn(caller, 'operator')) return { actor: 'operator', context: null }
  const context: unknown = Object.hasOwn(caller, 'context') ? Reflect.get(caller, 'context') : null
  return { actor: 'user', context: context ?? null }
}
