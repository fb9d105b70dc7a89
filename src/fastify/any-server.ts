import type { FastifyReply, FastifyRequest, RawServerBase, RouteGenericInterface } from 'fastify'

/** A request to any server of Fastify: HTTP/1 or HTTP/2, with TLS or without, with any logger. */
export type AnyRequest = FastifyRequest<RouteGenericInterface, RawServerBase>

/** The reply of any server of Fastify. */
export type AnyReply = FastifyReply<RouteGenericInterface, RawServerBase>
