import type { FastifyReply, FastifyRequest } from 'fastify'
import { NO_STORE, refusalFor, refusalHeaders } from '../http/error-headers.js'

/** The error to throw at the host's error handler; what it needs of headers is set already. */
export function refused (request: FastifyRequest, reply: FastifyReply, error: unknown): unknown {
  const refusal = refusalFor(error, request.headers.authorization)
  reply.headers({ ...NO_STORE, ...refusalHeaders(refusal) })
  return refusal
}
