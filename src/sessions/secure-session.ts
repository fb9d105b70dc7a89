import { MARK, requireMark, sessionOf, type OwnPort } from './session.js'

/**
 * Keeps marks in the sessions of `@fastify/secure-session`. They are in a cookie and have no id to rotate.
 */
export const secureSession: OwnPort = secureSessionNamed('session')

/**
 * Keeps marks in a session of `@fastify/secure-session` that was registered with this `sessionName`.
 *
 * @example
 * await app.register(verifyTotp, { session: secureSessionNamed('login'), … })
 */
export function secureSessionNamed (sessionName: string): OwnPort {
  return portOf(sessionName, MARK)
}

function portOf (property: string, entry: string): OwnPort {
  return {
    property,

    read (request) {
      return sessionOf(request, property)?.get(entry)
    },

    write (request, _reply, mark) {
      requireMark(mark)
      const session = sessionOf(request, property)
      if (session === null) throw new Error(`the request has no ${property} of @fastify/secure-session`)
      session.set(entry, mark)
    },

    withEntry: entry => portOf(property, entry)
  }
}
