import { secondsOf } from '../time/clock.js'
import { andThen, isPromiseLike, type NowOrLater } from '../time/now-or-later.js'
import { deadlineIn } from '../time/deadline.js'
import { markOf, newMark } from '../entity/mark.js'
import {
  ConflictError, IdentityError, InvalidOptionError, isUnauthorized, StoreError, TotpError, UnidentifiedError
} from '../errors.js'
import { isTokenPort } from '../sessions/token-session.js'
import { scrubbed } from '../scrubbed.js'
import type { Log } from '../events.js'
import type { Settings } from '../options.js'
import { ownOnly } from '../own-property.js'
import type { SessionPort } from '../sessions/session.js'
import { identityOf, type Browser, type SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import { browserCookie } from './browser-cookie.js'
import type { Headers } from './cross-site.js'
import { tokenIssuer, type NewToken, type TokenIssuer } from './tokens.js'

/** What the session and the browser keep from now on. */
export interface Kept {
  /** The mark for the session; null changes nothing. */
  readonly mark: string | null
  /** Whether the session also gets a new id. */
  readonly rotate?: boolean | undefined
  /** The tokens for the browser's cookie; null leaves it as it is. */
  readonly browserTokens?: readonly string[] | null | undefined
}

/** Asks the host who a request is from, and writes to its session. */
export interface RequestCaller<Request, Reply> {
  /**
   * The caller of a request. Throws `UnidentifiedError` when `identify` names no user, `IdentityError` when
   * it breaks its contract.
   */
  caller (request: Request): NowOrLater<SessionCaller>
  /** The account name that apps show; null when there is none that may be shown. */
  friendlyName (request: Request, identity: string): Promise<string | null>
  /** Keeps what a method of the verifier returned. Without the session, the cookie isn't written either. */
  keep (request: Request, reply: Reply, kept: Kept): Promise<NewToken>
  /** Withdraws the approval of this session, and gives it a mark that no request under way has. */
  forget (request: Request, reply: Reply): Promise<NewToken>
  /** Signs tokens, where marks travel in them; null where sessions keep marks. */
  readonly tokens: TokenIssuer<Request> | null
}

/** The cookie of remembered browsers, in the requests and replies of a framework. */
export interface RequestCookie<Request, Reply> {
  read (request: Request): Browser
  /** Adds the cookie to the reply, beside cookies that are there already. */
  write (reply: Reply, tokens: readonly string[]): void
}

/** Reads and writes the cookie where the framework has it; null where browsers aren't remembered. */
export function requestCookie<Request extends { readonly headers: Headers }, Reply> (
  { name, remember }: Pick<Settings<Request, Reply>, 'name' | 'remember'>,
  addHeader: (reply: Reply, cookie: string) => void
): RequestCookie<Request, Reply> | null {
  if (remember === undefined) return null
  const { read, headerFor } = browserCookie(name, remember)
  return {
    read: request => read(request.headers),
    write: (reply, tokens) => addHeader(reply, headerFor(tokens))
  }
}

/** The settings that are about requests. */
export type RequestSettings<Request, Reply> =
  Pick<Settings<Request, Reply>, 'identify' | 'friendlyName' | 'context' | 'provider' | 'clock' | 'timeout' |
  'name' | 'amr' | 'acr'> &
  {
    readonly session: SessionPort<Request, Reply>
    /** The cookie of remembered browsers; null where browsers aren't remembered. */
    readonly cookie: RequestCookie<Request, Reply> | null
    /** When a request began, in Unix seconds; null if that isn't known. */
    readonly beganAt: (request: Request) => number | null
    /** Is told of a `context` that fails. */
    readonly log: Log
  }

/** Calls the host's own functions: each may fail, hang, or answer with the wrong type. */
export function requestCaller<Request, Reply> (
  settings: RequestSettings<Request, Reply>, verifier: Pick<Verifier, 'withdraw' | 'claims'>
): RequestCaller<Request, Reply> {
  const { session, cookie, clock, beganAt } = settings
  const tokens = isTokenPort(session) ? tokenIssuer(session, settings, verifier) : null

  function caller (request: Request): NowOrLater<SessionCaller> {
    const began = beganAt(request) ?? secondsOf(clock)
    const context = settings.context === undefined ? undefined : callContext(settings.context, request)
    return andThen(callIdentify(request), identified => {
      const identity = identityOf(identified)
      return andThen(readMark(request), mark => {
        const session = { mark, began }
        const caller = context === undefined ? { identity, session } : { identity, session, context }
        return cookie === null ? caller : { ...caller, browser: cookie.read(request) }
      })
    })
  }

  /** Asked now, while the request lives: events are told later. No request fails for it. */
  function callContext (contextOf: (request: Request) => unknown, request: Request): unknown {
    try {
      const context = contextOf(request)
      if (!isPromiseLike(context)) return context
      context.then(undefined, () => {})
      throw new TypeError('context returned a promise, but must return its value at once')
    } catch (error) {
      settings.log(scrubbed(error), 'totp: context failed')
      return null
    }
  }

  function callIdentify (request: Request): NowOrLater<unknown> {
    try {
      return inTime(settings.identify(request), identityErrorOf)
    } catch (error) {
      throw identityErrorOf(error)
    }
  }

  function readMark (request: Request): NowOrLater<string | null> {
    try {
      return andThen(inTime(session.read(request), sessionErrorOf), markOf)
    } catch (error) {
      throw sessionErrorOf(error)
    }
  }

  async function keep (request: Request, reply: Reply, given: Kept): Promise<NewToken> {
    const { mark, rotate = false, browserTokens = null } = ownOnly(given)
    const kept = mark === null ? {} : await keepMark(request, reply, mark, rotate)
    if (browserTokens !== null) cookie?.write(reply, browserTokens)
    return kept
  }

  async function keepMark (request: Request, reply: Reply, mark: string, rotate: boolean): Promise<NewToken> {
    if (tokens !== null) return await tokens.keep(request, await caller(request), mark)
    try {
      await inTime(session.write(request, reply, mark, rotate), sessionErrorOf)
      return {}
    } catch (error) {
      throw sessionErrorOf(error)
    }
  }

  function askHostForName (request: Request): NowOrLater<unknown> {
    try {
      return inTime(settings.friendlyName?.(request), nameErrorOf)
    } catch (error) {
      throw nameErrorOf(error)
    }
  }

  /** A request whose host function hangs opens nothing, but it still needs an answer. */
  function inTime<T> (
    answer: T | PromiseLike<T>, errorFor: (error: unknown) => Error
  ): NowOrLater<T> {
    if (!isPromiseLike(answer)) return answer
    return deadlineIn(settings.timeout).waitFor(answer).catch(error => { throw errorFor(error) })
  }

  return {
    caller,
    keep,
    tokens,

    async friendlyName (request, identity) {
      const name = await askHostForName(request)
      const isGiven = name !== undefined && name !== null && name !== ''
      // Don't send the identity to Twilio.
      if (!isGiven) return settings.provider === undefined ? identity : null
      if (typeof name !== 'string') throw new InvalidOptionError('friendlyName', 'must return a string')
      return name
    },

    async forget (request, reply) {
      if (tokens !== null) return await withdrawToken(request, tokens)
      const mark = await withdrawForMark(request)
      try {
        return await keep(request, reply, { mark })
      } catch (error) {
        // Another request has ended this session or its approval in the meantime: nothing is left to forget.
        if (!(error instanceof UnidentifiedError || error instanceof ConflictError)) throw error
        return {}
      }
    }
  }

  /** A login has no token yet; one that names no user opens nothing, so nothing is left to forget. */
  async function withdrawToken (request: Request, tokens: TokenIssuer<Request>): Promise<NewToken> {
    try {
      return await tokens.withdraw(request, await caller(request))
    } catch (error) {
      if (error instanceof UnidentifiedError) return {}
      throw error
    }
  }

  /** Before a login no user is identified, but the session may still hold the mark of the user before. */
  async function withdrawForMark (request: Request): Promise<string | null> {
    try {
      return (await verifier.withdraw(await caller(request))).mark
    } catch (error) {
      if (!(error instanceof UnidentifiedError)) throw error
      return await readMark(request) === null ? null : newMark()
    }
  }
}

/** A host that throws 401, as authenticators do, names no user; any other error is a fault. */
function identityErrorOf (error: unknown): TotpError {
  return isUnauthorized(error) ? new UnidentifiedError() : new IdentityError(scrubbed(error))
}

function nameErrorOf (error: unknown): InvalidOptionError {
  return new InvalidOptionError('friendlyName', 'must not throw', { cause: scrubbed(error) })
}

/** The error for a session plugin that failed, unless the session port says itself what is wrong. */
function sessionErrorOf (error: unknown): TotpError {
  return error instanceof TotpError ? error : new StoreError(error)
}
