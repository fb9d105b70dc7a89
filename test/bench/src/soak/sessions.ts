import type { FastifySessionOptions } from '@fastify/session'

/** A session store, and how many sessions it has. */
export interface Sessions extends NonNullable<FastifySessionOptions['store']> {
  readonly size: () => number
}

/**
 * Sessions as text, as any store outside the process would have them. The one that `@fastify/session` brings
 * keeps with each session the request that saved it, which is more than all that is measured here.
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
