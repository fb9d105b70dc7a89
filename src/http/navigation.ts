import { ChallengeRequiredError, DisabledError, LockedError, NotEnrolledError } from '../errors.js'
import type { Passage } from '../guard.js'
import { ownOnly } from '../own-property.js'
import { secondsOf, type Clock } from '../time/clock.js'
import type { Headers } from './cross-site.js'
import type { ReturnPaths } from './return-path.js'

/** A request that a guard refused. */
export interface RefusedRequest {
  readonly method: string
  readonly headers: Headers
  /** Path and query, as the server sees them. */
  readonly url: string
}

/** Why a guard refused it. */
export interface Refusal {
  readonly error: unknown
  /** The methods that the guard counts. */
  readonly methods: ReadonlyArray<Passage['method']>
}

/** Finds the page that the user of a refused request needs. */
export interface Leader {
  /**
   * Makes the URL of that page for an identity, with the way back in it. Null for a request that isn't a
   * browser's navigation, and for a refusal that no page mends.
   */
  lead (request: RefusedRequest, refusal: Refusal): ((identity: string) => string) | null
}

/** The path of the pages. */
export interface PagesPath {
  /** As the server sees it. */
  readonly path: string
  /** As browsers see it: longer where a proxy or a mounted app takes the front of it away. */
  readonly at: string
  /** Whether a mounted app may have taken the front away, so that the URLs of requests still have it. */
  readonly mayBeMounted: boolean
}

/** Headers of the answer that leads a browser to a page. `vary` is the header that the answer has already. */
export function leadingHeaders (
  location: string, vary: number | string | readonly string[] = []
): Record<string, string> {
  const asked = ['Accept', 'Authorization', 'Cookie', 'Sec-Fetch-Dest', 'Sec-Fetch-Mode']
  return { location, 'cache-control': 'no-store', vary: [vary, asked].flat().join(', ') }
}

/** Leads to the pages of a path. */
export function leaderTo (
  { path, at, mayBeMounted }: PagesPath, returnPaths: ReturnPaths, clock: Clock
): Leader {
  const front = at.endsWith(path) ? at.slice(0, -path.length) : ''
  return {
    lead (request, refusal) {
      const page = isNavigation(request) ? pageFor(refusal) : null
      const isWhole = mayBeMounted && isWithin(front, request.url)
      const url = isWhole ? request.url : front + request.url
      // A guard in front of the pages would lead in a circle.
      if (page === null || isWithin(at, url) || isWithin(path, request.url)) return null
      // A form that was refused is lost. Its user sends it again, never a page.
      if (request.method !== 'GET') return () => at + page
      const returnPath = { path: url, refusedAt: secondsOf(clock) }
      return identity => {
        const signed = returnPaths.sign(returnPath, identity)
        return signed === null ? at + page : `${at}${page}?return=${encodeURIComponent(signed)}`
      }
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

function pageFor ({ error, methods }: Refusal): string | null {
  // No page sends the code that a guard takes with each request.
  if (methods.length === 0) return null
  if (error instanceof NotEnrolledError) return '/enroll'
  const isForCode =
    error instanceof ChallengeRequiredError || error instanceof LockedError || error instanceof DisabledError
  if (!isForCode) return null
  return methods.includes('totp') || methods.includes('remembered') ? '/challenge' : '/recover'
}

function isWithin (at: string, url: string): boolean {
  return url === at || url.startsWith(`${at}/`) || url.startsWith(`${at}?`)
}
