import { sessionOf, type KeyedSession } from './session.js'

/** A session of `@fastify/session`. */
export interface StoredSession extends KeyedSession {
  readonly sessionId: string
  /** The id as the cookie has it. Without it the plugin neither saves the session nor touches the cookie. */
  readonly encryptedSessionId: string
  readonly cookie?: { toJSON? (): object }
  regenerate (keys: string[]): Promise<void>
  save: Act
  destroy?: Act
}

/** The callback of the plugin's methods. */
export type Done = (error?: unknown) => void
/** A method with a callback or, without one, a promise. */
export type Act = (done?: Done) => Promise<void> | undefined

/** Where the plugin keeps sessions. */
export interface SessionStore {
  get (id: string, done: (error: unknown, session?: unknown) => void): void
  set (id: string, session: object, done: Done): void
  destroy (id: string, done: Done): void
}

/** Shadows a property of the prototype. Stores don't see it, because it isn't enumerable. */
export function shadow (session: StoredSession, name: string, value: unknown): void {
  Object.defineProperty(session, name, { value, enumerable: false, configurable: true })
}

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

/** The store of a request's sessions. Throws if there is none. */
export function storeOf (request: object): SessionStore {
  const store: unknown = Reflect.get(request, 'sessionStore')
  if (!isStore(store)) throw new Error('the request has no sessionStore of @fastify/session')
  return store
}

function isStore (store: unknown): store is SessionStore {
  return typeof store === 'object' && store !== null && 'get' in store && 'set' in store && 'destroy' in store
}
