import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorForClient, errorHeaders, NO_STORE } from '../http/error-headers.js'

/** Sets the headers of an error's answer, and returns the error to throw to the host's error handler. */
export function withErrorHeaders (request: FastifyRequest, reply: FastifyReply, error: unknown): unknown {
  const told = errorForClient(error, request.headers.authorization)
  reply.headers({ ...NO_STORE, ...errorHeaders(told) })
  return told
}
