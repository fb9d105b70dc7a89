import { ownOnly } from '../own-property.js'

/** Headers as Node.js passes them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Methods of requests that change nothing. */
export const SAFE_METHODS: readonly string[] = ['GET', 'HEAD']

/**
 * True when a page of another site made the browser send the request. Forwarding headers don't count: the
 * client writes them itself. In doubt the request counts as cross-site.
 */
export function isCrossSite (method: string, headers: Headers, trustedOrigins: readonly string[]): boolean {
  if (SAFE_METHODS.includes(method)) return false
  const { origin, host, 'sec-fetch-site': site, ':authority': authority = host } = ownOnly(headers)
  if (typeof origin === 'string' && trustedOrigins.includes(origin)) return false
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  return !(typeof origin === 'string' && typeof authority === 'string' && isOriginOf(origin, authority))
}

/** Compares them as URLs, because either may omit the default port of its scheme. */
function isOriginOf (origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: own } = new URL(origin)
  return /^https?:$/.test(protocol) && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === own
}
