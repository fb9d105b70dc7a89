import type { FastifyReply, FastifyRequest } from 'fastify'
import { forCaller, NO_STORE, refusalHeaders } from '../http/refusal.js'

/** The error to throw at the host's error handler; what it needs of headers is set already. */
export function refused (request: FastifyRequest, reply: FastifyReply, error: unknown): unknown {
  const refusal = forCaller(error, request.headers.authorization)
  reply.headers({ ...NO_STORE, ...refusalHeaders(refusal) })
  return refusal
}
