import type { Done } from './rotation.js'
import { sessionOf, type KeyedSession } from './session.js'

/** A session of `@fastify/session`. */
export interface StoredSession extends KeyedSession {
  readonly sessionId: string
  /** The id as the cookie has it. Without it the plugin neither saves the session nor touches the cookie. */
  readonly encryptedSessionId: string
  readonly cookie?: { toJSON? (): object }
  regenerate (keys?: string[]): Promise<void>
  save: Act
  destroy: Act
  reload: Act
  isSaved (): boolean
}

/** A method with a callback or, without one, a promise. */
export type Act = (done?: Done) => Promise<void> | undefined

/** True for a session that was loaded by the cookie, and not created for this request. */
export function cameWith (request: object, { sessionId, encryptedSessionId }: StoredSession): boolean {
  const cookies: unknown = Reflect.get(request, 'cookies')
  return typeof cookies === 'object' && cookies !== null && Object.values(cookies).some(value =>
    typeof value === 'string' && (value.includes(sessionId) || value.endsWith(encryptedSessionId)))
}

/** The session of a request. Throws if it isn't one of the plugin. */
export function storedSession (request: object): StoredSession {
  const session = sessionOf(request)
  if (session === null || !isStored(session)) throw new Error('the request has no session of @fastify/session')
  return session
}

export function isStored (session: KeyedSession): session is StoredSession {
  return 'regenerate' in session && 'save' in session && 'sessionId' in session
}
