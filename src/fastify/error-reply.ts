import type { FastifyInstance } from 'fastify'
import { TotpError } from '../errors.js'
import { errorHeaders, UNCACHED } from '../http/error-headers.js'

/** Adds the headers of our errors to the answers that carry them, on every route of the host. */
export function addErrorHeaders (fastify: FastifyInstance): void {
  // Not where the error is thrown: with `relation: 'or'` of @fastify/auth the request may pass all the same.
  fastify.addHook('onError', async (_request, reply, error) => {
    if (error instanceof TotpError) reply.headers({ ...UNCACHED, ...errorHeaders(error) })
  })
}
