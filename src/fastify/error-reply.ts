import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorForClient, errorHeaders, UNCACHED } from '../http/error-headers.js'

/** Sets the headers of an error's answer, and returns the error to throw to the host's error handler. */
export function withErrorHeaders (request: FastifyRequest, reply: FastifyReply, error: unknown): unknown {
  const told = errorForClient(error, request.headers.authorization)
  reply.headers({ ...UNCACHED, ...errorHeaders(told) })
  return told
}
