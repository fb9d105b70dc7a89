import { getOwn, ownOnly } from '../own-property.js'
import { SAFE_METHODS, type Headers } from './cross-site.js'

/** A request, as far as it tells whether it has a body, and whether that was read. */
export interface Bodied {
  readonly method?: string | undefined
  readonly headers: Headers
  readonly httpVersionMajor: number
  readonly readableEnded: boolean
  /** Over HTTP/2. */
  readonly stream?: { readonly endAfterHeaders?: boolean }
}

/** True for a request that says that it has no body. */
export function hasNoBody (request: Bodied): boolean {
  const { headers } = request
  return !announcesBody(headers) && !(getOwn(headers, 'content-length') === undefined && isStreamed(request))
}

/** True where the headers of HTTP/1 announce a body. */
export function announcesBody (headers: Headers): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = ownOnly(headers)
  return length === undefined ? coding !== undefined : length !== '0'
}

/** HTTP/2 has no `transfer-encoding`: a stream goes on after the headers, or doesn't. */
function isStreamed ({ httpVersionMajor, stream }: Bodied): boolean {
  return httpVersionMajor === 2 && stream?.endAfterHeaders === false
}

/** True unless the body was read to its end, so that a parser of the host has had its say. */
export function hasUnreadBody (request: Bodied): boolean {
  return !SAFE_METHODS.includes(String(request.method)) && !hasNoBody(request) && !request.readableEnded
}
