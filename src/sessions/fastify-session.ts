import { ConflictError, TotpError, UnidentifiedError } from '../errors.js'
import { MARK, requireMark, sessionOf, type KeyedSession, type SessionPort } from './session.js'

interface StoredSession extends KeyedSession {
  readonly sessionId: string
  regenerate (keys: string[]): Promise<void>
  save (): Promise<void>
}

interface SessionStore {
  get (id: string, callback: (error: unknown, session?: unknown) => void): void
}

/** Keeps marks in the sessions of `@fastify/session`, and rotates their ids. */
export const fastifySession: SessionPort<object> = {
  read (request) {
    return sessionOf(request)?.get(MARK)
  },

  async write (request, _reply, mark, rotate) {
    requireMark(mark)
    const session = storedSession(request)
    try {
      if (session.get(MARK) !== undefined) await requireUnchanged(request, session)
      session.set(MARK, mark)
      if (rotate) await session.regenerate(keysOf(session))
      else await session.save()
    } catch (error) {
      // Otherwise the plugin would save the session again with the answer, and set its cookie. A session that
      // only ended or changed meanwhile stays, because a log-out may be about to destroy it.
      if (rotate || !(error instanceof TotpError)) Reflect.set(request, 'session', null)
      throw error
    }
  }
}

/**
 * A session that holds a mark was saved with it. If it is gone from the store, the user has logged out while
 * this request was under way, and saving or rotating it would log them in again. If it holds another mark
 * there, its approval was withdrawn or replaced.
 */
async function requireUnchanged (request: object, session: StoredSession): Promise<void> {
  const store: unknown = Reflect.get(request, 'sessionStore')
  if (!isStore(store)) throw new Error('the request has no sessionStore of @fastify/session')
  const kept = await new Promise<unknown>((resolve, reject) => {
    store.get(session.sessionId, (error, kept) => error ? reject(error) : resolve(kept))
  })
  if (typeof kept !== 'object' || kept === null) throw new UnidentifiedError()
  if (Reflect.get(kept, MARK) !== session.get(MARK)) throw new ConflictError()
}

/** `regenerate` keeps only the keys that it is given, and creates the cookie itself. */
function keysOf (session: StoredSession): string[] {
  return Object.keys(session).filter(key => key !== 'cookie')
}

function storedSession (request: object): StoredSession {
  const session = sessionOf(request)
  if (session === null || !isStored(session)) throw new Error('the request has no session of @fastify/session')
  return session
}

function isStored (session: KeyedSession): session is StoredSession {
  return 'regenerate' in session && 'save' in session && 'sessionId' in session
}

function isStore (store: unknown): store is SessionStore {
  return typeof store === 'object' && store !== null && 'get' in store
}
