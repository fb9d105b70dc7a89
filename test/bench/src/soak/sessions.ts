import type { FastifySessionOptions } from '@fastify/session'

/** A session store that counts its sessions. */
export interface Sessions extends NonNullable<FastifySessionOptions['store']> {
  readonly size: () => number
}

/**
 * Sessions as text, as in any store outside the process. The store of `@fastify/session` itself keeps each of
 * them together with the request that saved it, which would blur what memory shows.
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
