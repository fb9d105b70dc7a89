import { leaveNote, promised, type Done, type SessionStore } from './rotation.js'
import type { InTime } from './session-turns.js'
import { storedSession, type StoredSession } from './stored-session.js'

/** The original method of a session: the watched one would wait for a turn, and end the session. */
export type Regenerate = StoredSession['regenerate']

/**
 * Gives the session a new id. The plugin would delete the old one first. It stays until the new one is
 * stored, and then gives way to a note. Returns the session that the request has from now on.
 */
export async function rotateId (
  request: object, session: StoredSession, store: SessionStore, regenerate: Regenerate, inTime: InTime
): Promise<StoredSession> {
  const { sessionId: id, cookie } = session
  // `regenerate` keeps only the entries that it is given, and creates the cookie itself.
  const entries = Object.keys(session).filter(key => key !== 'cookie')
  const renewed = await regenerateOnly(request, session, store, regenerate, entries, inTime)
  if (renewed.sessionId === id) throw new Error('idGenerator of @fastify/session must return a new id each time')
  try {
    inTime()
    await leaveNote(store, { id, cookie }, renewed.sessionId)
    inTime()
    return renewed
  } catch (error) {
    // No browser knows its id: it would only lie in the store.
    promised(done => store.destroy(renewed.sessionId, done)).catch(() => {})
    throw error
  }
}

/**
 * Gives the request a session with a new id and these entries, and leaves the old one stored. A store that
 * keeps the new one too late has given the request nothing: its user may have logged out meanwhile.
 */
export async function regenerateOnly (
  request: object,
  session: StoredSession,
  store: SessionStore,
  regenerate: Regenerate,
  entries: string[] | undefined,
  inTime: InTime
): Promise<StoredSession> {
  const keeping: SessionStore = Object.assign(Object.create(store), {
    set (id: string, kept: object, done: Done) {
      store.set(id, kept, error => {
        try {
          inTime()
        } catch {
          if (id !== session.sessionId) store.destroy(id, () => {})
          return
        }
        done(error)
      })
    },
    destroy: (_id: string, done: Done) => { done() }
  })
  await regenerate.call(Object.create(session, storesIn(session, store, keeping)), entries)
  const renewed = storedSession(request)
  Object.defineProperties(renewed, storesIn(renewed, keeping, store))
  return renewed
}

/** The properties in which the plugin keeps a session's store, with another one in its place. */
function storesIn (session: object, store: SessionStore, other: SessionStore): PropertyDescriptorMap {
  const slots = Object.getOwnPropertySymbols(session).filter(slot => Reflect.get(session, slot) === store)
  return Object.fromEntries(slots.map(slot => [slot, { value: other, writable: true, configurable: true }]))
}
