import { UnidentifiedError } from '../errors.js'
import type { Log } from '../events.js'
import type { Passage } from '../guard.js'
import { routeRequirementOf, type RouteRequirement } from '../options.js'
import { scrubbed } from '../scrubbed.js'
import { secondsOf, type Clock } from '../time/clock.js'
import { andThen, isPromiseLike, type NowOrLater } from '../time/now-or-later.js'
import type { JudgeRequest } from '../verifier/request-code.js'
import type { Verifier } from '../verifier/verifier.js'
import type { Headers } from './cross-site.js'
import { errorForClient } from './error-headers.js'
import type { RequestCaller } from './request-caller.js'
import { judgingOnce } from './request-code.js'

/** The decisions of one guard. */
export interface GuardDecisions<Request> {
  /** Whether the guard spends a code of the request, so it may decide only once the body is there. */
  readonly spendsCode: boolean
  /** The methods that count; empty for a guard that takes a code with each request. */
  readonly methods: ReadonlyArray<Passage['method']>
  /** What lets a request pass, or null. Throws, or rejects, if the request may not pass. */
  decide (request: Request): NowOrLater<Passage | null>
  /** Null if the request passes all the same, because no user is logged in; else throws for the client. */
  passAnonymous (request: Request, error: unknown): null
}

/** The parts that guards work with. */
export interface GuardParts<Request, Reply> {
  readonly requests: RequestCaller<Request, Reply>
  readonly verifier: Pick<Verifier, 'check'>
  readonly judgeRequest: JudgeRequest
  /** The highest `maxAge`, in seconds. */
  readonly longest: number
  readonly clock: Clock
  /** The option `acr`. */
  readonly acr: string | undefined
  /** Is told of an `unenrolled` that fails. */
  readonly log: Log
}

/** Makes the decisions of guards. A requirement is checked when its guard is made. */
export function guardsOver<Request extends { readonly headers: Headers }, Reply> (
  { requests, verifier, judgeRequest, longest, clock, acr, log }: GuardParts<Request, Reply>
): (given: Partial<RouteRequirement<Request>>) => GuardDecisions<Request> {
  const judgeOnce = judgingOnce(judgeRequest)
  return given => {
    const { anonymous, perRequest, unenrolled, requirements } = routeRequirementOf(given, longest)

    /** Asked now, while the request lives. Doubt keeps the request out. */
    function answerTo (request: Request): 'deny' | 'allow' {
      if (typeof unenrolled !== 'function') return unenrolled
      try {
        const answer: unknown = unenrolled(request)
        if (answer === 'allow' || answer === 'deny') return answer
        if (answer instanceof Date && !Number.isNaN(answer.getTime())) {
          return secondsOf(clock) * 1000 < answer.getTime() ? 'allow' : 'deny'
        }
        if (isPromiseLike(answer)) answer.then(undefined, () => {})
        throw new TypeError('unenrolled must return "deny", "allow" or a valid Date, and at once')
      } catch (error) {
        log(scrubbed(error), 'totp: unenrolled failed')
        return 'deny'
      }
    }

    return {
      spendsCode: perRequest,
      methods: perRequest ? [] : requirements.deny.methods,

      decide (request) {
        if (perRequest) return andThen(requests.caller(request), caller => judgeOnce(request, caller))
        const requirement = requirements[answerTo(request)]
        return andThen(requests.caller(request), caller => verifier.check(caller, requirement))
      },

      passAnonymous (request, error) {
        const isAnonymous = error instanceof UnidentifiedError && error.isAnonymous
        if (isAnonymous && anonymous === 'allow') return null
        throw errorForClient(error, request.headers, acr)
      }
    }
  }
}
