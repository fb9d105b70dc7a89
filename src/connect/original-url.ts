import type { IncomingMessage } from 'node:http'

/** Path and query of a request, with the part that a mounted app or router has taken away. */
export function originalUrlOf (request: IncomingMessage & { readonly originalUrl?: unknown }): string {
  return String(request.originalUrl ?? request.url)
}
