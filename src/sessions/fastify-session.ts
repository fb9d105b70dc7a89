import { MARK, sessionOf, type KeyedSession, type SessionPort } from './session.js'

interface StoredSession extends KeyedSession {
  regenerate (keys: string[]): Promise<void>
  save (): Promise<void>
}

/** Marks in the sessions of `@fastify/session`. */
export const fastifySession: SessionPort<object> = {
  read (request) {
    return sessionOf(request)?.get(MARK)
  },

  async write (request, _reply, mark, rotate) {
    const session = storedSession(request)
    session.set(MARK, mark)
    try {
      if (rotate) await session.regenerate(keysOf(session))
      else await session.save()
    } catch (error) {
      // Otherwise the plugin would save the session once more with the answer, fail again, and make it
      // another one.
      Reflect.set(request, 'session', null)
      throw error
    }
  }
}

/** `regenerate` keeps the keys that it is told; the cookie is made anew. */
function keysOf (session: StoredSession): string[] {
  return Object.keys(session).filter(key => key !== 'cookie')
}

function storedSession (request: object): StoredSession {
  const session = sessionOf(request)
  if (session === null || !isStored(session)) throw new Error('the request has no session of @fastify/session')
  return session
}

function isStored (session: KeyedSession): session is StoredSession {
  return 'regenerate' in session && 'save' in session
}
