import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Any hook that Fastify takes: it returns a promise, or calls `done`. */
export type AnyHook =
  (this: FastifyInstance, request: FastifyRequest, reply: FastifyReply, done: Done) => unknown

type Done = (error?: Error) => void

/** A request that Fastify made, with its reply. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/**
 * Runs a hook on one request after the other, with as little around it as Fastify has: a callback, which is
 * attached to a promise where the hook returns one. Rejects as soon as the hook refuses.
 */
export async function runHook (
  app: FastifyInstance, hook: AnyHook, exchanges: readonly Exchange[]
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let place = 0

    function runNext (): void {
      const exchange = exchanges[place++]
      if (exchange === undefined) return resolve()
      const result = hook.call(app, exchange.request, exchange.reply, done)
      if (result instanceof Promise) result.then(runNext, reject)
    }

    function done (error?: Error): void {
      if (error === undefined) runNext()
      else reject(error)
    }

    runNext()
  })
}
