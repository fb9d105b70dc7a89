/** Headers as Node gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Methods that change nothing. */
export const READING: readonly string[] = ['GET', 'HEAD']

/**
 * True for a request that a page of another site made a browser send. Forwarding headers play no part:
 * whoever sends the request writes them. Doubt counts as another site.
 */
export function isCrossSite (method: string, headers: Headers, trustedOrigins: readonly string[]): boolean {
  if (READING.includes(method)) return false
  const { origin } = headers
  if (typeof origin === 'string' && trustedOrigins.includes(origin)) return false
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  const host = headers[':authority'] ?? headers.host
  return !(typeof origin === 'string' && typeof host === 'string' && isOriginOf(origin, host))
}

/** Compares as URLs, because one side may leave out the port that its scheme implies. */
function isOriginOf (origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: own } = new URL(origin)
  return /^https?:$/.test(protocol) && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === own
}
