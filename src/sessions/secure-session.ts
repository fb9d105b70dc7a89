import { MARK, requireMark, sessionOf, type SessionPort } from './session.js'

/**
 * Keeps marks in the sessions of `@fastify/secure-session`. They are in a cookie and have no id to rotate.
 */
export const secureSession: SessionPort = {
  read (request) {
    return sessionOf(request)?.get(MARK)
  },

  write (request, _reply, mark) {
    requireMark(mark)
    const session = sessionOf(request)
    if (session === null) throw new Error('the request has no session of @fastify/secure-session')
    session.set(MARK, mark)
  }
}
