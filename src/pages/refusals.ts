import {
  ChallengeRequiredError, ConflictError, CrossSiteError, DisabledError, LockedError, NotEnrolledError,
  ProviderError, StoreError, TotpError, UnidentifiedError
} from '../errors.js'
import type { Log } from '../events.js'
import { errorHeaders } from '../http/error-headers.js'
import { scrubbed } from '../scrubbed.js'
import type { Problem } from './page.js'
import { leadTo, leadToChallenge, type FlowContext, type Outcome, type Visit } from './visit.js'

/** What a user is told of an error that no page mends. */
export interface Refusal {
  readonly problem: Problem
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** The page that mends a refusal, with the way back to the page of this path; null if none does. */
export function mendingPage (
  context: FlowContext, visit: Pick<Visit, 'caller' | 'wayBack'>, path: string, error: unknown
): Outcome | null {
  if (error instanceof NotEnrolledError) return leadTo(context, visit, '/enroll')
  const isForChallenge =
    error instanceof ChallengeRequiredError || error instanceof LockedError || error instanceof DisabledError
  return isForChallenge ? leadToChallenge(context, visit, path) : null
}

/** The refusal of a request that failed. The log is told of faults and of attacks. */
export function refusalOf (error: unknown, log: Log): Refusal {
  const status = error instanceof TotpError ? error.statusCode : 500
  const isNoted = status >= 500 || error instanceof CrossSiteError
  if (isNoted) log(error instanceof TotpError ? error : scrubbed(error), 'totp: a page was refused')
  return { problem: problemOf(error, status), status, headers: errorHeaders(error) }
}

function problemOf (error: unknown, status: number): Problem {
  if (error instanceof UnidentifiedError) return 'loggedOut'
  if (error instanceof CrossSiteError) return 'crossSite'
  if (error instanceof ConflictError) return 'busy'
  if (error instanceof StoreError || error instanceof ProviderError) return 'unavailable'
  return status >= 500 ? 'failed' : 'malformed'
}
