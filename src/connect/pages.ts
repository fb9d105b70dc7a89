import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorForClient } from '../http/error-headers.js'
import { stopReading } from '../http/stop-reading.js'
import { varying } from '../http/vary.js'
import type { PageAnswer } from '../pages/answer.js'
import type { PageRoute, PagesParts } from '../pages/site.js'
import { addCookie, NOT_FOUND, send, sendText, setHeaders } from './answer.js'
import { formOf } from './body.js'
import { exchangeOf } from './exchange.js'
import type { LookAfter } from './guards.js'
import type { MiddlewareOf, Next } from './middleware.js'
import { originalUrlOf } from './original-url.js'
import type { Refusals } from './refusals.js'

/** The parts that the middleware of pages works with. */
export interface PagesMiddlewareParts<Request, Response> extends PagesParts<Request, Response> {
  /** The path that the middleware looks for. */
  readonly prefix: string
  readonly lookAfter: LookAfter<Request, Response>
  readonly refusals: Refusals<Request, Response>
  readonly warn: (warning: string) => void
}

/** The pages as a middleware. It passes on every request that isn't for one of them. */
export function pages<Request extends IncomingMessage, Response extends ServerResponse> (
  parts: PagesMiddlewareParts<Request, Response>
): MiddlewareOf<Request, Response> {
  const { prefix, options, lookAfter, refusals: { refuse, passOn }, warn } = parts
  const loading = load(parts)
  // Each request for a page reports the failure.
  loading.catch(() => {})
  let isNoted = options.at !== undefined

  async function answer (request: Request, response: Response, path: string, next?: Next): Promise<void> {
    const routes = await loading
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = routes.find(route => route.path === path && route.methods.some(own => own === method))
    if (route === undefined) return await pass(request, response, next)
    noteMount(String(request.url), originalUrlOf(request))
    lookAfter(request, response)
    const query = String(request.url).replace(/^[^?]*/, '')
    const exchange = { ...exchangeOf(request, response), query, readForm: async () => await formOf(request) }
    sendPage(response, await route.answer(exchange))
  }

  async function pass (request: Request, response: Response, next?: Next): Promise<void> {
    if (next === undefined) send(response, 404, NOT_FOUND)
    else await passOn(request, response, next)
  }

  /** Links, forms and cookies need the path that browsers know. */
  function noteMount (url: string, whole: string): void {
    const mount = whole.endsWith(url) ? whole.slice(0, -url.length) : ''
    if (isNoted || mount === '') return
    isNoted = true
    warn(`the pages are mounted at ${mount}: set the option pages.at to '${mount}${prefix}'`)
  }

  return function totpPages (request, response, next) {
    const [path = ''] = String(request.url).split('?')
    const isBelow = path === prefix || path.startsWith(`${prefix}/`)
    const below = path.slice(prefix.length)
    const answering = isBelow
      ? answer(request, response, below === '' ? '/' : below, next)
      : pass(request, response, next)
    answering.catch((error: unknown) => { refuse(response, errorForClient(error, request.headers)) })
  }
}

/** Most servers have no pages, and load none. */
async function load<Request, Response> (
  parts: PagesParts<Request, Response>
): Promise<ReadonlyArray<PageRoute<Request, Response>>> {
  const { createPages } = await import('../pages/site.js')
  return createPages(parts)
}

function sendPage (response: ServerResponse, { status, headers, cookies, body }: PageAnswer): void {
  for (const cookie of cookies) addCookie(response, cookie)
  setHeaders(response, varying(headers, response.getHeader('vary')))
  if (status === 413) setHeaders(response, stopReading(response))
  sendText(response, status, body)
}
