import type { FastifyReply, FastifyRequest } from 'fastify'
import { secondsOf } from '../time/clock.js'
import { andThen, isPromiseLike, type AtOnceOrLater } from '../time/now-or-later.js'
import { deadlineIn } from '../time/deadline.js'
import { markOf, newMark } from '../entity/mark.js'
import { isFriendlyName } from '../entity/friendly-name.js'
import {
  ConflictError, IdentityError, InvalidOptionError, scrubbed, StoreError, TotpError, UnidentifiedError
} from '../errors.js'
import type { Settings } from '../options.js'
import type { SessionPort } from '../sessions/session.js'
import { identityOf, type SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'

/** Finds out who a request is from, and gives its session what it has to keep. */
export interface Reception {
  /** Who asks. Throws `UnidentifiedError` for nobody, `IdentityError` when `identify` broke its contract. */
  caller (request: FastifyRequest): AtOnceOrLater<SessionCaller>
  /** The account name for a factor whose user gave none. */
  friendlyName (request: FastifyRequest, identity: string): Promise<string>
  /** Keeps a mark in the session; null changes nothing. With `rotate` the session also gets a new id. */
  keep (request: FastifyRequest, reply: FastifyReply, mark: string | null, rotate?: boolean): Promise<void>
  /** Takes the approval of this session away, and gives it a mark that no request under way has. */
  forget (request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/** The part of the settings that is about requests. */
export type ReceptionSettings =
  Pick<Settings<FastifyRequest, FastifyReply>, 'identify' | 'issuer' | 'friendlyName' | 'provider' | 'clock' | 'timeout'> &
  { readonly session: SessionPort<FastifyRequest, FastifyReply> }

/** Talks to the host's login and session. */
export function receptionOf (settings: ReceptionSettings, verifier: Pick<Verifier, 'withdraw'>): Reception {
  const { session, clock } = settings

  function caller (request: FastifyRequest): AtOnceOrLater<SessionCaller> {
    const since = secondsOf(clock)
    return andThen(callIdentify(request), identified => {
      const identity = identityOf(identified)
      return andThen(readMark(request), mark => ({ identity, session: { mark, since } }))
    })
  }

  function callIdentify (request: FastifyRequest): AtOnceOrLater<unknown> {
    try {
      return inTime(settings.identify(request), identityErrorOf)
    } catch (error) {
      throw identityErrorOf(error)
    }
  }

  function readMark (request: FastifyRequest): AtOnceOrLater<string | null> {
    try {
      return andThen(inTime(session.read(request), sessionErrorOf), markOf)
    } catch (error) {
      throw sessionErrorOf(error)
    }
  }

  async function keep (
    request: FastifyRequest, reply: FastifyReply, mark: string | null, rotate: boolean = false
  ): Promise<void> {
    if (mark === null) return
    if (markOf(mark) === null) throw new TypeError('keep takes a mark that a method of the verifier answered, or null')
    try {
      await inTime(session.write(request, reply, mark, rotate), sessionErrorOf)
    } catch (error) {
      throw sessionErrorOf(error)
    }
  }

  function askHostForName (request: FastifyRequest): AtOnceOrLater<unknown> {
    try {
      return inTime(settings.friendlyName?.(request), nameErrorOf)
    } catch (error) {
      throw nameErrorOf(error)
    }
  }

  /** The host's own code may hang. A request that waits for ever opens nothing, but needs an answer. */
  function inTime<T> (
    answer: T | PromiseLike<T>, errorFor: (error: unknown) => Error
  ): AtOnceOrLater<T> {
    if (!isPromiseLike(answer)) return answer
    return deadlineIn(settings.timeout).wait(answer).catch(error => { throw errorFor(error) })
  }

  return {
    caller,
    keep,

    async friendlyName (request, identity) {
      const name = await askHostForName(request)
      // Somebody else's service is told no more of a user than it is meant to be.
      const shown = settings.provider === undefined && isFriendlyName(identity)
      if (name === undefined) return shown ? identity : settings.issuer
      if (!isFriendlyName(name)) {
        throw new InvalidOptionError('friendlyName', 'must return 1 to 64 characters, without colon or control characters')
      }
      return name
    },

    async forget (request, reply) {
      const mark = await withdrawnMark(request)
      try {
        await keep(request, reply, mark)
      } catch (error) {
        // Another request has ended this session, or its approval, meanwhile: nothing is left to forget.
        if (!(error instanceof UnidentifiedError || error instanceof ConflictError)) throw error
      }
    }
  }

  /**
   * Before a log-in there is nobody whose approval could be taken, but maybe the mark of whoever was there
   * before.
   */
  async function withdrawnMark (request: FastifyRequest): Promise<string | null> {
    try {
      return (await verifier.withdraw(await caller(request))).mark
    } catch (error) {
      if (!(error instanceof UnidentifiedError)) throw error
      return await readMark(request) === null ? null : newMark()
    }
  }
}

function identityErrorOf (error: unknown): IdentityError {
  return new IdentityError(scrubbed(error))
}

function nameErrorOf (error: unknown): InvalidOptionError {
  return new InvalidOptionError('friendlyName', 'must not throw', { cause: scrubbed(error) })
}

/** The error for a session plugin that failed, unless the session port says itself what is wrong. */
function sessionErrorOf (error: unknown): TotpError {
  return error instanceof TotpError ? error : new StoreError(error)
}
