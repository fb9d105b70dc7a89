import type { ServerResponse } from 'node:http'
import { expressSessionOf, regenerateOnly, type ExpressSession } from './express-stored-session.js'
import type { Watched } from './express-watch.js'
import { leaveNote, promised, storeOf, type SessionStore } from './rotation.js'
import type { InTime } from './session-turns.js'

/** A session whose id is to be rotated, and all that has a part in it. */
export interface Rotation {
  readonly request: object
  readonly response: ServerResponse
  readonly session: ExpressSession
  /** The original `regenerate`: the rotation has its turn already. */
  readonly regenerate: Watched['own']['regenerate']
  /** Entries that the new session has in addition. */
  readonly entries: object
  readonly inTime: InTime
}

/**
 * Moves the session of a request to a new id, and leaves a note under the old id. The request gets the new
 * session only when the store has both: a store that fails leaves the session as it was.
 */
export async function rotateId (rotation: Rotation): Promise<ExpressSession> {
  const { request, response, session, entries, inTime } = rotation
  const store = storeOf(request, 'express-session')
  const renewed = await renew(rotation, store)
  if (renewed.id === session.id) throw new Error('genid of express-session must return a new id each time')
  Object.assign(renewed, session, entries)
  try {
    await promised(done => renewed.save(done))
    requireOpen(response)
    inTime()
    await leaveNote(store, session, renewed.id)
    inTime()
  } catch (error) {
    // No browser knows its id: it would only lie in the store.
    promised(done => store.destroy(renewed.id, done)).catch(() => {})
    throw error
  }
  takeUp(request, renewed, store)
  return renewed
}

/** Without the cookie of the new id, the user would be logged out. */
export function requireOpen ({ headersSent, writableEnded }: ServerResponse): void {
  if (!headersSent && !writableEnded) return
  throw new Error('the answer has begun, and can\'t send the session\'s cookie any more')
}

/** Creates a session with a new id, and leaves the request the one that it has. */
async function renew (
  { request, session, regenerate }: Rotation, store: SessionStore
): Promise<ExpressSession> {
  try {
    await promised(done => regenerateOnly(request, session, regenerate, done))
    return expressSessionOf(request)
  } finally {
    takeUp(request, session, store)
  }
}

function takeUp (request: object, session: ExpressSession, store: SessionStore): void {
  Reflect.set(request, 'session', session)
  Reflect.set(request, 'sessionID', session.id)
  Reflect.set(request, 'sessionStore', store)
}
