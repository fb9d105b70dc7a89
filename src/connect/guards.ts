import type { IncomingMessage, ServerResponse } from 'node:http'
import { MisconfiguredError, MisplacedError } from '../errors.js'
import type { Passage } from '../guard.js'
import { refusalOfSite } from '../http/cross-site.js'
import { errorForClient, UNCACHED } from '../http/error-headers.js'
import type { GuardDecisions } from '../http/guards.js'
import { setHeaders } from './answer.js'
import { requireBodyRead } from './body.js'
import { exchangeOf } from './exchange.js'
import type { Lead } from './leading.js'
import type { MiddlewareOf } from './middleware.js'
import type { Refusals } from './refusals.js'

/** Looks after the session that a request came with. */
export type LookAfter<Request, Response> = (request: Request, response: Response) => void

/** The parts that the middlewares of guards work with. */
export interface GuardMiddlewareParts<Request, Response> {
  readonly lookAfter: LookAfter<Request, Response>
  readonly lead: Lead<Request, Response>
  readonly refusals: Refusals<Request, Response>
}

/** A middleware that lets only requests pass that `decisions` let pass. */
export function guardOf<Request extends IncomingMessage, Response extends ServerResponse> (
  { spendsCode, methods, decide, passAnonymous }: GuardDecisions<Request>,
  { lookAfter, lead, refusals: { refuse, refuseByHost, passOn } }: GuardMiddlewareParts<Request, Response>
): MiddlewareOf<Request, Response> {
  async function passageFor (request: Request, response: Response): Promise<Passage | null> {
    try {
      lookAfter(request, response)
      if (spendsCode) requireBodyRead(request)
      return await decide(request)
    } catch (error) {
      return passAnonymous(request, error)
    }
  }

  return async function requireTotp (request, response, next = () => refuse(response, NO_NEXT)) {
    try {
      request.totp = await passageFor(request, response)
    } catch (error) {
      if (await lead(request, response, { error, methods })) return
      return await refuseByHost(error, request, response, next)
    }
    await passOn(request, response, next)
  }
}

/** A middleware that refuses requests that another site's page made the browser send. */
export function siteGuardOf<Request extends IncomingMessage, Response extends ServerResponse> (
  trustedOrigins: readonly string[], { refuse, passOn }: Refusals<Request, Response>
): MiddlewareOf<Request, Response> {
  return async function requireSameSite (request, response, next = () => refuse(response, NO_NEXT)) {
    try {
      setHeaders(response, UNCACHED)
      const refusal = refusalOfSite(exchangeOf(request, response), trustedOrigins)
      if (refusal !== null) throw refusal
    } catch (error) {
      return refuse(response, errorForClient(error, request.headers))
    }
    await passOn(request, response, next)
  }
}

const NO_NEXT = new MisconfiguredError(new MisplacedError(
  'a guard has no next: call it with a third argument, the function that handles requests that pass'))
