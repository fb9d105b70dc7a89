import type { FastifyReply, FastifyRequest } from 'fastify'
import { secondsOf } from '../clock.js'
import { deadlineIn } from '../deadline.js'
import { markOf, newMark } from '../entity/approvals.js'
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
  caller (request: FastifyRequest): Promise<SessionCaller>
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

  async function caller (request: FastifyRequest): Promise<SessionCaller> {
    const since = secondsOf(clock)
    const identity = identityOf(await identified(request))
    return { identity, session: { mark: await keptMark(request), since } }
  }

  async function keptMark (request: FastifyRequest): Promise<string | null> {
    try {
      return markOf(await inTime(() => session.read(request)))
    } catch (error) {
      throw error instanceof TotpError ? error : new StoreError(error)
    }
  }

  async function identified (request: FastifyRequest): Promise<unknown> {
    try {
      return await inTime(() => settings.identify(request))
    } catch (error) {
      throw new IdentityError(scrubbed(error))
    }
  }

  async function keep (
    request: FastifyRequest, reply: FastifyReply, mark: string | null, rotate: boolean = false
  ): Promise<void> {
    if (mark === null) return
    if (markOf(mark) === null) throw new TypeError('keep takes a mark that a method of the verifier answered, or null')
    try {
      await inTime(() => session.write(request, reply, mark, rotate))
    } catch (error) {
      throw error instanceof TotpError ? error : new StoreError(error)
    }
  }

  async function namedByHost (request: FastifyRequest): Promise<unknown> {
    try {
      return await inTime(() => settings.friendlyName?.(request))
    } catch (error) {
      throw new InvalidOptionError('friendlyName', 'must not throw', { cause: scrubbed(error) })
    }
  }

  /** The host's own code may hang too. A request that waits for ever opens nothing, but it helps nobody. */
  function inTime<T> (call: () => T | Promise<T>): Promise<T> {
    return deadlineIn(settings.timeout).race(call)
  }

  return {
    caller,
    keep,

    async friendlyName (request, identity) {
      const name = await namedByHost(request)
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
      return await keptMark(request) === null ? null : newMark()
    }
  }
}
