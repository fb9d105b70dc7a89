import { hasEnded, hashOf, markOf, type Session } from '../entity/approvals.js'
import type { Entity } from '../entity/entity.js'
import { isIdentity } from '../entity/identity.js'
import { ChallengeRequiredError, IdentityError, UnidentifiedError } from '../errors.js'

/** Who asks: a request of a login session, or the application itself, a job or an administrator's script. */
export type Caller = SessionCaller | Operator

/** A request of a login session. What it may do depends on the approval of that session. */
export interface SessionCaller {
  /** Who is logged in. */
  readonly identity: string
  /** The login session that the request belongs to. */
  readonly session: LoginSession
}

/** A login session, as a request of it found it. */
export interface LoginSession {
  /** What the session holds for this package: 22 characters, or null when it holds nothing yet. */
  readonly mark: string | null
  /** When the request began, in Unix seconds. */
  readonly since: number
}

/**
 * The application itself: it may do everything, gets no approval, and answers for asking whoever has to be
 * asked.
 */
export interface Operator {
  /** Whose entity it is about. */
  readonly identity: string
  /** Says that this is meant. */
  readonly operator: true
}

/**
 * The identity in what `identify` returned. Throws `UnidentifiedError` when that is nobody, or a string that
 * can't be the name of anybody; `IdentityError` for any other type, because coercing it would mix up users.
 */
export function identityOf (identified: unknown): string {
  if (identified === undefined || identified === null || identified === '') throw new UnidentifiedError()
  if (typeof identified !== 'string') {
    throw new IdentityError(new TypeError(`identify returned a ${typeof identified}, but has to return a string`))
  }
  if (!isIdentity(identified)) throw new UnidentifiedError()
  return identified
}

/**
 * The session of a caller, or null of an operator. Whatever is neither is refused rather than taken for
 * either.
 */
export function sessionOf (caller: Caller): Session | null {
  if ('operator' in caller) {
    if (caller.operator === true) return null
  } else if (typeof caller.session === 'object' && Number.isFinite(caller.session.since)) {
    const mark = markOf(caller.session.mark)
    return { hash: mark && hashOf(mark), since: caller.session.since }
  }
  throw new TypeError('a caller has an identity, and either its session or "operator: true"')
}

/** A request that began before its session's approval was taken away changes nothing any more. */
export function requireOngoing (entity: Entity, session: Session | null, maxAge: number, now: number): void {
  if (session !== null && hasEnded(entity, session, now)) throw new ChallengeRequiredError(maxAge)
}
