import type { FastifyInstance } from 'fastify'
import type { AnyRequest } from './any-server.js'
import { secondsOf, type Clock } from '../time/clock.js'

const BEGAN = Symbol('fastify-verify-totp began')

declare module 'fastify' {
  interface FastifyRequest {
    [BEGAN]?: number | null
  }
}

/**
 * Notes when each request began. What a session loses after that counts for the request, however long hooks
 * of the host take before the caller is asked for.
 */
export function noteArrivals (
  fastify: FastifyInstance, clock: Clock
): (request: AnyRequest) => number | null {
  fastify.decorateRequest(BEGAN, null)
  fastify.addHook('onRequest', (request, reply, done) => {
    request[BEGAN] = beganAt(reply.elapsedTime)
    done()
  })
  // Without a hook like this, and without a logger, Fastify doesn't measure `elapsedTime`.
  fastify.addHook('onResponse', (_request, _reply, done) => { done() })
  return request => request[BEGAN] ?? null

  function beganAt (elapsed: number): number | null {
    try {
      return secondsOf(() => clock() - elapsed / 1000)
    } catch {
      // A broken clock must not fail routes that never ask for the caller; asking for it throws.
      return null
    }
  }
}
