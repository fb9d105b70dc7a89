import type { IncomingMessage, ServerResponse } from 'node:http'
import { leadingHeaders, type Leader, type Refusal } from '../http/navigation.js'
import type { RequestCaller } from '../http/request-caller.js'
import { send, setHeaders } from './answer.js'
import { originalUrlOf } from './original-url.js'

/** Leads a browser to the page that mends a refusal. False if it isn't led anywhere. Never rejects. */
export type Lead<Request, Response> =
  (request: Request, response: Response, refusal: Refusal) => Promise<boolean>

/** Leads to the pages of a leader; nowhere without one. */
export function leadWith<Request extends IncomingMessage, Response extends ServerResponse> (
  leader: Leader | null, { caller }: Pick<RequestCaller<Request, Response>, 'caller'>
): Lead<Request, Response> {
  if (leader === null) return async () => false
  return async (request, response, refusal) => {
    try {
      const { method = '', headers } = request
      const urlFor = leader.lead({ method, headers, url: originalUrlOf(request) }, refusal)
      if (urlFor === null || response.headersSent) return false
      const location = urlFor((await caller(request)).identity)
      setHeaders(response, leadingHeaders(location, response.getHeader('vary')))
      send(response, 303)
      return true
    } catch {
      // No user is known, so there is no page to lead to.
      return false
    }
  }
}
