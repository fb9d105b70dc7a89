import type { IncomingMessage, ServerResponse } from 'node:http'
import { UnidentifiedError } from '../errors.js'
import { errorForClient, UNCACHED } from '../http/error-headers.js'
import type { Exchange, Service } from '../http/service.js'
import type { SessionCaller } from '../verifier/caller.js'
import { NOT_FOUND, send, setHeaders } from './answer.js'
import { bodyOf } from './body.js'
import { exchangeOf } from './exchange.js'
import type { LookAfter } from './guards.js'
import { matcherFor, type Match } from './match.js'
import type { MiddlewareOf } from './middleware.js'
import { originalUrlOf } from './original-url.js'
import type { Refusals } from './refusals.js'
import type { RequireSession } from './session-port.js'

interface RoutesOptions<Request, Response> extends Pick<Refusals<Request, Response>, 'refuse'> {
  readonly service: Service<Request, Response>
  readonly prefix: string
  readonly acr: string | undefined
  readonly lookAfter: LookAfter<Request, Response>
  readonly requireSession: RequireSession<Request>
  readonly warn: (warning: string) => void
}

/** The endpoints as a middleware. It passes on every request that isn't for one of them. */
export function routes<Request extends IncomingMessage, Response extends ServerResponse> (
  { service, prefix, acr, lookAfter, requireSession, refuse, warn }: RoutesOptions<Request, Response>
): MiddlewareOf<Request, Response> {
  const match = matcherFor(prefix)
  let isNoted = false

  async function answer (request: Request, response: Response, match: Match): Promise<void> {
    setHeaders(response, UNCACHED)
    const { endpoint, params, query } = match
    const exchange = exchangeOf(request, response)
    const caller = await callerOf(exchange)
    const input = { params: params(), query, body: await bodyOf(request) }
    const { status, body } = await service.answer(endpoint, exchange, caller, input)
    send(response, status, body)
  }

  /** Without its session no user is found either, and "Log in first" would mislead the developer. */
  async function callerOf (exchange: Exchange<Request, Response>): Promise<SessionCaller> {
    try {
      return await service.callerAtArrival(exchange)
    } catch (error) {
      if (error instanceof UnidentifiedError) requireSession(exchange.request)
      throw error
    }
  }

  /** `app.use('/totp', totp.routes())` takes the prefix away that the routes expect. */
  function noteMount (method: string, url: string, whole: string): void {
    if (isNoted || !whole.endsWith(prefix + url) || match(method, prefix + url) === null) return
    isNoted = true
    warn(`totp.routes() is mounted at ${prefix}, and looks for ${prefix} below that: mount it with ` +
      'app.use(totp.routes())')
  }

  function refuseTo (request: Request, response: Response, error: unknown): void {
    refuse(response, errorForClient(error, request.headers, acr))
  }

  return function totpRoutes (request, response, next) {
    try {
      lookAfter(request, response)
    } catch (error) {
      return refuseTo(request, response, error)
    }
    const { method = '', url = '' } = request
    const matched = match(method, url)
    if (matched === null) {
      noteMount(method, url, originalUrlOf(request))
      return next === undefined ? send(response, 404, NOT_FOUND) : next()
    }
    answer(request, response, matched).catch((error: unknown) => { refuseTo(request, response, error) })
  }
}
