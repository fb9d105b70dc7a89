import { InvalidOptionError, refuseHookCall } from '../errors.js'
import { entryOf, MARK, requireMark, sessionOf, type FastifyPort } from './session.js'

/**
 * Keeps marks in the sessions of `@fastify/secure-session`. They are in a cookie and have no id to rotate.
 */
export const secureSession: FastifyPort = secureSessionNamed('session')

/**
 * Keeps marks in a session of `@fastify/secure-session` that was registered with this `sessionName`.
 *
 * @example
 * await app.register(verifyTotp, { session: secureSessionNamed('login'), … })
 */
export function secureSessionNamed (sessionName: string): FastifyPort {
  if (typeof sessionName !== 'string') throw new InvalidOptionError('sessionName', 'must be a string')
  return portOf(sessionName, MARK)
}

function portOf (property: string, entry: string): FastifyPort {
  return {
    server: 'fastify',
    property,

    read (request, ...misused: unknown[]) {
      refuseHookCall(misused)
      const session = sessionOf(request, property)
      return session === null ? undefined : entryOf(session, entry)
    },

    write (request, _reply, mark) {
      requireMark(mark)
      const session = sessionOf(request, property)
      if (session === null) throw new Error(`the request has no ${property} of @fastify/secure-session`)
      session.set(entry, mark)
    },

    withEntry (entry, ...misused: unknown[]) {
      refuseHookCall(misused)
      return portOf(property, entry)
    }
  }
}
