import { newMark } from '../entity/approvals.js'
import { CrossSiteError } from '../errors.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import { isCrossSite, READING, type Headers } from './cross-site.js'
import type { Answer, Endpoint } from './endpoints.js'
import type { RequestCaller } from './request-caller.js'

/** A request in the words of its framework, and what every framework knows of it. */
export interface Exchange<Request, Reply> {
  readonly request: Request
  readonly reply: Reply
  readonly method: string
  readonly headers: Headers
}

/** The parts of a request that an endpoint checks. */
export interface Input {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/** What happens to a request for an endpoint, in whatever framework it arrives. */
export interface Service<Request, Reply> {
  /**
   * The caller, found when the request begins: what its session loses after that, the request may not use.
   * Throws `UnidentifiedError` and `CrossSiteError`, in this order.
   */
  callerAtArrival (exchange: Exchange<Request, Reply>): Promise<SessionCaller>
  /** Has the endpoint handle the request, and writes the mark of its answer to the session. */
  answer (
    endpoint: Endpoint, exchange: Exchange<Request, Reply>, caller: SessionCaller, input: Input
  ): Promise<Answer>
}

/** Serves the endpoints over a verifier. */
export function serviceOver<Request, Reply> (
  requests: RequestCaller<Request, Reply>, verifier: Verifier, trustedOrigins: readonly string[]
): Service<Request, Reply> {
  return {
    async callerAtArrival ({ request, reply, method, headers }) {
      const caller = await requests.caller(request)
      if (isCrossSite(method, headers, trustedOrigins)) throw new CrossSiteError()
      if (caller.session.mark !== null || READING.includes(method)) return caller
      // A session that changes something has a mark from the beginning, so that it can be withdrawn.
      const mark = newMark()
      await requests.keep(request, reply, mark)
      return { ...caller, session: { ...caller.session, mark } }
    },

    async answer (endpoint, { request, reply }, caller, input) {
      const friendlyName = async () => await requests.friendlyName(request, caller.identity)
      const answer = await endpoint.handle({ verifier, caller, friendlyName, ...input })
      await requests.keep(request, reply, answer.mark ?? null, answer.rotate)
      return answer
    }
  }
}
