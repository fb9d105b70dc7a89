import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorForClient, UNCACHED } from '../http/error-headers.js'
import type { Service } from '../http/service.js'
import { NOT_FOUND, send, setHeaders } from './answer.js'
import { bodyOf } from './body.js'
import { exchangeOf } from './exchange.js'
import type { LookAfter } from './guards.js'
import { matcherFor, type Match } from './match.js'
import type { MiddlewareOf } from './middleware.js'
import { originalUrlOf } from './original-url.js'
import type { Refusals } from './refusals.js'

interface RoutesOptions<Request, Response> extends Pick<Refusals<Request, Response>, 'refuse'> {
  readonly service: Service<Request, Response>
  readonly prefix: string
  readonly acr: string | undefined
  readonly lookAfter: LookAfter<Request, Response>
  readonly warn: (warning: string) => void
}

/** The endpoints as a middleware. It passes on every request that isn't for one of them. */
export function routes<Request extends IncomingMessage, Response extends ServerResponse> (
  { service, prefix, acr, lookAfter, refuse, warn }: RoutesOptions<Request, Response>
): MiddlewareOf<Request, Response> {
  const match = matcherFor(prefix)
  let isNoted = false

  async function answer (request: Request, response: Response, match: Match): Promise<void> {
    setHeaders(response, UNCACHED)
    const { endpoint, params, query } = match
    const exchange = exchangeOf(request, response)
    const caller = await service.callerAtArrival(exchange)
    const input = { params: params(), query, body: await bodyOf(request) }
    const { status, body } = await service.answer(endpoint, exchange, caller, input)
    send(response, status, body)
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
