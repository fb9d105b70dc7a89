import { secondsOf } from '../time/clock.js'
import { andThen, isPromiseLike, type NowOrLater } from '../time/now-or-later.js'
import { deadlineIn } from '../time/deadline.js'
import { markOf, newMark } from '../entity/mark.js'
import {
  ConflictError, IdentityError, InvalidOptionError, StoreError, TotpError, UnidentifiedError
} from '../errors.js'
import { scrubbed } from '../scrubbed.js'
import type { Log } from '../events.js'
import type { Settings } from '../options.js'
import { ownValue } from '../own-property.js'
import type { SessionPort } from '../sessions/session.js'
import { identityOf, type SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'

/** Asks the host who a request is from, and writes to its session. */
export interface RequestCaller<Request, Reply> {
  /**
   * The caller of a request. Throws `UnidentifiedError` when `identify` names no user, `IdentityError` when
   * it breaks its contract.
   */
  caller (request: Request): NowOrLater<SessionCaller>
  /** The account name that apps show; null when there is none that may be shown. */
  friendlyName (request: Request, identity: string): Promise<string | null>
  /** Writes a mark to the session; null changes nothing. With `rotate` the session also gets a new id. */
  keep (request: Request, reply: Reply, mark: string | null, rotate?: boolean): Promise<void>
  /** Withdraws the approval of this session, and writes a mark to it that no request under way has. */
  forget (request: Request, reply: Reply): Promise<void>
}

/** The settings that are about requests. */
export type RequestSettings<Request, Reply> =
  Pick<Settings<Request, Reply>, 'identify' | 'friendlyName' | 'context' | 'provider' | 'clock' | 'timeout'> &
  {
    readonly session: SessionPort<Request, Reply>
    /** When a request began, in Unix seconds; null if that isn't known. */
    readonly beganAt: (request: Request) => number | null
    /** Is told of a `context` that fails. */
    readonly log: Log
  }

/** Calls the host's own functions: each may fail, hang, or answer with the wrong type. */
export function requestCaller<Request, Reply> (
  settings: RequestSettings<Request, Reply>, verifier: Pick<Verifier, 'withdraw'>
): RequestCaller<Request, Reply> {
  const { session, clock, beganAt } = settings

  function caller (request: Request): NowOrLater<SessionCaller> {
    const began = beganAt(request) ?? secondsOf(clock)
    const context = settings.context === undefined ? undefined : callContext(settings.context, request)
    return andThen(callIdentify(request), identified => {
      const identity = identityOf(identified)
      return andThen(readMark(request), mark => {
        const session = { mark, began }
        return context === undefined ? { identity, session } : { identity, session, context }
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

  async function keep (
    request: Request, reply: Reply, mark: string | null, rotate: boolean = false
  ): Promise<void> {
    if (mark === null) return
    if (markOf(mark) === null) throw new TypeError('keep takes a mark that a method of app.totp returned, or null')
    try {
      await inTime(session.write(request, reply, mark, rotate), sessionErrorOf)
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

    async friendlyName (request, identity) {
      const name = await askHostForName(request)
      const isGiven = name !== undefined && name !== null && name !== ''
      // Don't send the identity to Twilio.
      if (!isGiven) return settings.provider === undefined ? identity : null
      if (typeof name !== 'string') throw new InvalidOptionError('friendlyName', 'must return a string')
      return name
    },

    async forget (request, reply) {
      const mark = await withdrawForMark(request)
      try {
        await keep(request, reply, mark)
      } catch (error) {
        // Another request has ended this session or its approval in the meantime: nothing is left to forget.
        if (!(error instanceof UnidentifiedError || error instanceof ConflictError)) throw error
      }
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
  const statuses = error instanceof Error ? [ownValue(error, 'statusCode'), ownValue(error, 'status')] : []
  return statuses.includes(401) ? new UnidentifiedError() : new IdentityError(scrubbed(error))
}

function nameErrorOf (error: unknown): InvalidOptionError {
  return new InvalidOptionError('friendlyName', 'must not throw', { cause: scrubbed(error) })
}

/** The error for a session plugin that failed, unless the session port says itself what is wrong. */
function sessionErrorOf (error: unknown): TotpError {
  return error instanceof TotpError ? error : new StoreError(error)
}
