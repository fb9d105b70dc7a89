import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../http/service.js'
import { hostOf } from './host.js'

/** A request and its response, as endpoints see them. */
export function exchangeOf<Request extends IncomingMessage, Response extends ServerResponse> (
  request: Request, response: Response
): Exchange<Request, Response> {
  const { method = '', headers } = request
  const host = hostOf(request)
  return { request, reply: response, method, headers, ...(host === undefined ? {} : { host }) }
}
