import { isToken, MAX_TOKENS } from '../entity/browsers.js'
import { isIdentity } from '../entity/identity.js'
import { hashOf, markOf, type Session } from '../entity/mark.js'
import { IdentityError, UnidentifiedError } from '../errors.js'
import type { EventSource } from '../events.js'
import { getOwn, hasOwn, ownValue } from '../own-property.js'

/** Who calls: a request of a login session, or the application itself (a job, an administrator's script). */
export type Caller = SessionCaller | Operator

/** A request of a login session. The approval of that session decides what the request may do. */
export interface SessionCaller {
  /** The user who is logged in: 1 to 256 bytes of well-formed text, compared byte by byte. */
  readonly identity: string
  /** The login session that the request belongs to. */
  readonly session: LoginSession
  /** The browser that sent the request, where browsers are remembered. @default one that isn't remembered */
  readonly browser?: Browser
  /** Passed on to the events that the request causes, such as its id and ip. @default null */
  readonly context?: unknown
}

/** A login session, as a request of it found it. */
export interface LoginSession {
  /** The mark that the session holds for this package: 22 characters, or null when it holds none yet. */
  readonly mark: string | null
  /** When the request began, in Unix seconds. */
  readonly began: number
  /**
   * The mark that the session gets if the call changes it, where a token with it was signed already: a random
   * one that was never used. @default a new one
   */
  readonly nextMark?: string
}

/** A browser, as a request of it showed it. */
export interface Browser {
  /** The tokens in its cookie, one for each user whom it is remembered for. Other values are ignored. */
  readonly tokens: readonly string[]
  /** Its `User-Agent`, from which the name of a remembered browser is chosen. */
  readonly userAgent?: string | undefined
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
    const [mark, nextMark] = [markOf(getOwn(caller.session, 'mark')), markOf(getOwn(caller.session, 'nextMark'))]
    const began = getOwn(caller.session, 'began')
    if (typeof began === 'number' && Number.isFinite(began)) {
      const session = { hash: mark && hashOf(mark), began }
      // A mark that other requests have seen is no new one.
      return nextMark === null || nextMark === mark ? session : { ...session, nextMark }
    }
  }
  throw new TypeError('a caller needs an identity, and either a session or "operator: true"')
}

const NO_BROWSER: Browser = { tokens: [], userAgent: undefined }

/** The browser of a caller. Operators have none, and anything that isn't a token counts as none. */
export function browserOfCaller (caller: Caller): Browser {
  const browser: unknown = Object.hasOwn(caller, 'browser') ? Reflect.get(caller, 'browser') : undefined
  if (typeof browser !== 'object' || browser === null || hasOwn(caller, 'operator')) return NO_BROWSER
  const [tokens, userAgent] = [ownValue(browser, 'tokens'), ownValue(browser, 'userAgent')]
  return {
    tokens: Array.isArray(tokens) ? tokens.filter(isToken).slice(0, MAX_TOKENS) : [],
    userAgent: typeof userAgent === 'string' ? userAgent : undefined
  }
}

/** What the events that a caller causes say about it. Polluted prototypes say nothing. */
export function sourceOf (caller: Caller): EventSource {
  if (Object.hasOwn(caller, 'operator')) return { actor: 'operator', context: null }
  const context: unknown = Object.hasOwn(caller, 'context') ? Reflect.get(caller, 'context') : null
  return { actor: 'user', context: context ?? null }
}
