import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Passage } from '../guard.js'

// Not 'node:http': where other packages augment 'http', as pino-http does, the two would be two types.
declare module 'http' {
  interface IncomingMessage {
    /** What let this request pass a guard; null if it needed nothing, undefined without a guard. */
    totp?: Passage | null
  }
}

/** Passes a request on to the next middleware or, with an error, to the error handler. */
export type Next = (error?: unknown) => void

/**
 * A middleware, as Express, Connect and NestJS take it. Without `next` it answers each request itself. It
 * says nothing about the type of requests, so that Express still knows the parameters in the path of a route.
 */
export type Middleware = MiddlewareOf<IncomingMessage, ServerResponse>

/** A middleware that asks functions of the host, which want requests of their framework. */
export type MiddlewareOf<Request extends IncomingMessage, Response extends ServerResponse> =
  { handle (request: Request, response: Response, next?: Next): void }['handle']
