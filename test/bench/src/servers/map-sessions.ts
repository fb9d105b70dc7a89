import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** A login session of the cheapest kind. */
export interface MapSession {
  readonly identity: string
  mark?: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The session whose id is in the header, or null. */
    login: MapSession | null
  }
}

/** The header that carries a session's id. */
export const SESSION_HEADER = 'x-session'

/** A session for each identity, by its id. */
export function sessionsOf (identities: readonly string[]): Map<string, MapSession> {
  return new Map(identities.map((identity): [string, MapSession] => {
    return [randomBytes(16).toString('base64url'), { identity }]
  }))
}

/** Makes `app` find sessions by their id in a `Map`, on every request. */
export function mapSessions (app: FastifyInstance, identities: readonly string[]): Map<string, MapSession> {
  const sessions = sessionsOf(identities)
  app.decorateRequest('login', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const id = request.headers[SESSION_HEADER]
    request.login = typeof id === 'string' ? sessions.get(id) ?? null : null
    done()
  })
  return sessions
}
