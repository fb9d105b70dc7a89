import type { RequestCaller } from '../http/request-caller.js'
import { ownOnly } from '../own-property.js'
import type { PageExchange } from './exchange.js'
import { queryOf } from './query.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { FlowContext, Visit, WayBack } from './visit.js'

/** What a visit is made of. */
export interface VisitParts<Request, Reply> {
  readonly context: FlowContext
  readonly requests: Pick<RequestCaller<Request, Reply>, 'friendlyName' | 'keep'>
  readonly exchange: PageExchange<Request, Reply>
  readonly caller: SessionCaller
  /** The cookies of the answer, by their names. */
  readonly cookies: Map<string, string>
}

/** The visit of a known user. `given` is the way back that a form says; otherwise the query may say one. */
export function visitOf<Request, Reply> (
  { context, requests, exchange, caller, cookies }: VisitParts<Request, Reply>, given?: string
): Visit {
  const { request, reply, headers } = exchange
  const { identity, session } = caller
  const { enrolling } = context
  const query = queryOf(exchange.query, headers)
  return {
    caller,
    headers,
    query,
    wayBack: wayBackIn(context, given ?? query.returnTo, identity),
    friendlyName: async () => await requests.friendlyName(request, identity),
    setCookie: (name, header) => { cookies.set(name, header) },

    async keep (kept) {
      const { mark, browserTokens } = ownOnly(kept)
      await requests.keep(request, reply, { mark, rotate: true, browserTokens })
      // An enrollment that is under way belongs to the new mark from now on.
      const resealed = mark && enrolling.resealedFor(headers, { identity, mark: session.mark }, mark)
      if (resealed !== null) cookies.set(enrolling.name, resealed)
    }
  }
}

function wayBackIn ({ returnPaths }: FlowContext, signed: string | null, identity: string): WayBack | null {
  const returnPath = returnPaths.read(signed, identity)
  return signed === null || returnPath === null ? null : { ...returnPath, signed }
}
