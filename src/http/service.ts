import { newMark } from '../entity/mark.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import { refusalOfSite, SAFE_METHODS, type Sent } from './cross-site.js'
import type { Answer, Endpoint } from './endpoints.js'
import type { RequestCaller } from './request-caller.js'
import type { MarkChange } from './tokens.js'

/** A request and its reply, as the framework has them, with the parts that every framework has. */
export interface Exchange<Request, Reply> extends Sent {
  readonly request: Request
  readonly reply: Reply
}

/** The parts of a request that an endpoint checks. */
export interface Input {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/** Handles requests for the endpoints, for any framework. */
export interface Service<Request, Reply> {
  /**
   * Finds the caller when the request begins, so a request can't use what its session loses after that.
   * Throws `UnidentifiedError` and `CrossSiteError`, in this order.
   */
  callerAtArrival (exchange: Exchange<Request, Reply>): Promise<SessionCaller>
  /** Calls the endpoint, and writes the mark of its answer to the session. */
  answer (
    endpoint: Endpoint, exchange: Exchange<Request, Reply>, caller: SessionCaller, input: Input
  ): Promise<Answer>
}

/** Serves the endpoints over a verifier. */
export function serviceOver<Request, Reply> (
  requests: RequestCaller<Request, Reply>, verifier: Verifier, trustedOrigins: readonly string[]
): Service<Request, Reply> {
  return {
    async callerAtArrival (exchange) {
      const { request, reply, method } = exchange
      const caller = await requests.caller(request)
      const refusal = refusalOfSite(exchange, trustedOrigins)
      if (refusal !== null) throw refusal
      if (caller.session.mark !== null || SAFE_METHODS.includes(method)) return caller
      // A token gets no mark before something begins: the client would have to take a new one for nothing.
      if (requests.tokens !== null) return caller
      // A request that changes something needs a mark from its beginning, so that it can be withdrawn.
      const mark = newMark()
      await requests.keep(request, reply, { mark })
      return { ...caller, session: { ...caller.session, mark } }
    },

    async answer (endpoint, { request, reply }, caller, input) {
      const friendlyName = async () => await requests.friendlyName(request, caller.identity)
      const { tokens } = requests
      const prepare = async (change: MarkChange) => tokens && await tokens.prepare(request, caller, change)
      const answer = await endpoint.handle({ verifier, caller, friendlyName, prepare, ...input })
      if (tokens !== null) return answer
      const { mark = null, rotate, browserTokens } = answer
      await requests.keep(request, reply, { mark, rotate, browserTokens })
      return answer
    }
  }
}
