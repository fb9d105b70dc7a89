import type { IncomingMessage, ServerResponse } from 'node:http'
import { CrossSiteError, isTotpError } from '../errors.js'
import type { Log } from '../events.js'
import { errorForClient, errorHeaders, UNCACHED } from '../http/error-headers.js'
import { scrubbed } from '../scrubbed.js'
import { isPromiseLike } from '../time/now-or-later.js'
import { sendError, setHeaders } from './answer.js'
import type { Next } from './middleware.js'

/** Answers a request that a guard refuses. */
export type OnRefused<Request, Response> =
  (error: unknown, request: Request, response: Response, next: Next) => void | Promise<void>

/** Answers requests that are refused, or that fail. None of these methods throws or rejects. */
export interface Refusals<Request, Response> {
  /** Answers with an error; the log is told if it is a fault, or an attack. */
  refuse (response: ServerResponse, error: unknown): void
  /** The same for a guard, where the host may have an answer of its own. */
  refuseByHost (error: unknown, request: Request, response: Response, next: Next): Promise<void>
  /** Calls `next`. Without a framework, a handler that throws or rejects would end the process. */
  passOn (request: Request, response: Response, next: Next): Promise<void>
}

export function refusalsOver<Request extends IncomingMessage, Response extends ServerResponse> (
  onRefused: OnRefused<Request, Response> | undefined, log: Log, acr: string | undefined
): Refusals<Request, Response> {
  function note (response: ServerResponse, error: unknown): void {
    if (!isTotpError(error)) log(scrubbed(error), 'totp: a request failed')
    else if (error.statusCode >= 500 || error instanceof CrossSiteError) log(error, 'totp: a request was refused')
    try {
      setHeaders(response, { ...UNCACHED, ...errorHeaders(error) })
    } catch (failure) {
      log(scrubbed(failure), 'totp: the headers of a refusal failed')
    }
  }

  function refuse (response: ServerResponse, error: unknown): void {
    note(response, error)
    sendError(response, error)
  }

  return {
    refuse,

    async refuseByHost (error, request, response, next) {
      if (onRefused === undefined) return refuse(response, error)
      note(response, error)
      try {
        await onRefused(error, request, response, given => next(isError(given) ? given : error))
      } catch (failure) {
        log(scrubbed(failure), 'totp: onRefused failed')
        sendError(response, error)
      }
    },

    async passOn (request, response, next) {
      try {
        await next()
      } catch (error) {
        refuse(response, errorForClient(error, request.headers, acr))
      }
    }
  }
}

/** Express takes no error, and the text 'route', as leave to go on. A guard that refuses gives none. */
function isError (given: unknown): boolean {
  return typeof given === 'object' && given !== null
}

/** The same log; one that fails must not fail the request, too. */
export function safely (log: (error: Error, message: string) => unknown): Log {
  return (error, message) => {
    try {
      const logged = log(error, message)
      if (isPromiseLike(logged)) logged.then(undefined, () => {})
    } catch {
      // There is no other log to tell.
    }
  }
}
