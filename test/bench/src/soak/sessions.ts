import type { FastifySessionOptions } from '@fastify/session'

/** A session store, and how many sessions it has. */
export interface Sessions extends NonNullable<FastifySessionOptions['store']> {
  readonly size: () => number
}

/**
 * Sessions as text, as any store outside the process has them. The one that `@fastify/session` brings keeps
 * each together with the request that saved it, and memory would be as much of those.
 */
export function textSessions (): Sessions {
  const texts = new Map<string, string>()

  return {
    size: () => texts.size,

    get (id, callback) {
      const text = texts.get(id)
      callback(null, text === undefined ? null : JSON.parse(text))
    },

    set (id, session, callback) {
      texts.set(id, JSON.stringify(session))
      callback()
    },

    destroy (id, callback) {
      texts.delete(id)
      callback()
    }
  }
}
