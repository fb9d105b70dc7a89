import { ChallengeRequiredError, DisabledError, LockedError, NotEnrolledError } from '../errors.js'
import type { Passage } from '../guard.js'
import type { Headers } from '../http/cross-site.js'
import { ownOnly } from '../own-property.js'
import { secondsOf, type Clock } from '../time/clock.js'
import type { ReturnPaths } from './return-path.js'

/** A request that a guard refused. */
export interface RefusedRequest {
  readonly method: string
  readonly headers: Headers
  /** Path and query, as the browser sees them. */
  readonly url: string
}

/** Finds the page that the user of a refused request needs. */
export interface Leader {
  /**
   * The URL of that page, with the way back in it; null for a request that is no browser's navigation, and
   * for an error that no page mends. `methods` are those that the guard counts.
   */
  lead (
    error: unknown, request: RefusedRequest, identity: string, methods: ReadonlyArray<Passage['method']>
  ): string | null
}

/** The headers of the answer that leads a browser to a page. It depends on all of these. */
export const LEADING_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store', vary: 'Accept, Authorization, Cookie, Sec-Fetch-Dest, Sec-Fetch-Mode'
}

/** `at` is the path of the pages as browsers see it. */
export function leaderTo (
  { at, returnPaths, clock }: { readonly at: string, readonly returnPaths: ReturnPaths, readonly clock: Clock }
): Leader {
  return {
    lead (error, request, identity, methods) {
      const page = isNavigation(request) ? pageFor(error, methods) : null
      // A guard in front of the pages would lead in a circle.
      if (page === null || isWithin(at, request.url)) return null
      const refusedAt = Math.floor(secondsOf(clock))
      // A form that was refused is lost: it is sent again by its user, never by a page.
      const signed = request.method === 'GET' ? returnPaths.sign({ path: request.url, refusedAt }, identity) : null
      return at + page + (signed === null ? '' : `?return=${encodeURIComponent(signed)}`)
    }
  }
}

/** True for a page that a browser opens, not for what its scripts ask for. */
function isNavigation ({ method, headers }: RefusedRequest): boolean {
  if (!['GET', 'POST'].includes(method)) return false
  const { authorization, accept, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = ownOnly(headers)
  if (authorization !== undefined) return false
  if (mode !== undefined || dest !== undefined) return mode === 'navigate' && dest === 'document'
  return typeof accept === 'string' && /(?:^|,)\s*text\/html\s*(?:[;,]|$)/i.test(accept)
}

function pageFor (error: unknown, methods: ReadonlyArray<Passage['method']>): string | null {
  // A guard that takes a code with each request has no page.
  if (methods.length === 0) return null
  if (error instanceof NotEnrolledError) return '/enroll'
  const isToJudge =
    error instanceof ChallengeRequiredError || error instanceof LockedError || error instanceof DisabledError
  if (!isToJudge) return null
  return methods.includes('totp') || methods.includes('remembered') ? '/challenge' : '/recover'
}

function isWithin (at: string, url: string): boolean {
  return url === at || url.startsWith(`${at}/`) || url.startsWith(`${at}?`)
}
