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

/** Marks in the sessions of `@fastify/session`. */
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
      // Otherwise the plugin would save the session once more with the answer, and hand out its cookie. Where
      // it only ended or changed meanwhile, a log-out may be about to destroy it.
      if (rotate || !(error instanceof TotpError)) Reflect.set(request, 'session', null)
      throw error
    }
  }
}

/**
 * A session that holds a mark was saved with it. If it is gone, somebody has logged out while this request
 * was under way, and neither saving nor rotating it may log them in again. If it holds another one, its
 * approval was taken away.
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
  return 'regenerate' in session && 'save' in session && 'sessionId' in session
}

function isStore (store: unknown): store is SessionStore {
  return typeof store === 'object' && store !== null && 'get' in store
}
