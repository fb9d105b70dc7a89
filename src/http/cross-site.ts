import { CrossSiteError } from '../errors.js'
import { ownOnly } from '../own-property.js'

/** Headers as Node.js passes them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Methods of requests that change nothing. */
export const SAFE_METHODS: readonly string[] = ['GET', 'HEAD']

/** A request, as far as it tells where it comes from. */
export interface Sent {
  readonly method: string
  readonly headers: Headers
  /** Host and port, as the framework resolves them: forwarding headers count if the host trusts its proxy. */
  readonly host?: string
}

/**
 * The refusal of a request that a page of another site made the browser send; null for any other. The log
 * says which hosts were compared.
 */
export function refusalOfSite (
  { method, headers, host }: Sent, trustedOrigins: readonly string[]
): CrossSiteError | null {
  if (!isCrossSite(method, headers, trustedOrigins, host)) return null
  const { origin = 'none', 'sec-fetch-site': site = 'none' } = ownOnly(headers)
  return new CrossSiteError(new Error(`origin ${origin}, sec-fetch-site ${site}, host ${host ?? 'none'}. ` +
    'If a page of yours sent this, add its origin to trustedOrigins, or let the proxy keep the host'))
}

/**
 * True when a page of another site made the browser send the request. In doubt the request counts as
 * cross-site.
 */
export function isCrossSite (
  method: string, headers: Headers, trustedOrigins: readonly string[], resolved?: string
): boolean {
  if (SAFE_METHODS.includes(method)) return false
  const { origin, host, 'sec-fetch-site': site, ':authority': authority = host } = ownOnly(headers)
  if (typeof origin === 'string' && trustedOrigins.includes(origin)) return false
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  const own = resolved ?? authority
  return !(typeof origin === 'string' && typeof own === 'string' && isOriginOf(origin, own))
}

/** Compares them as URLs, because either may omit the default port of its scheme. */
function isOriginOf (origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: own } = new URL(origin)
  return /^https?:$/.test(protocol) && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === own
}
