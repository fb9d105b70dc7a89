import { ownValue } from '../own-property.js'
import { systemClock } from '../time/clock.js'
import { deadlineIn } from '../time/deadline.js'
import { shadow } from './shadow.js'

/** The entry of the note that a rotated session leaves: the new id. */
const ROTATED = 'totpRotated'

/** Seconds for which the note stays: by then every request that was sent with the old cookie has arrived. */
const NOTE_FOR = 300

/** The callback of a session plugin's methods. */
export type Done = (error?: unknown) => void

/** Where a session plugin keeps sessions. */
export interface SessionStore {
  get (id: string, done: (error: unknown, session?: unknown) => void): void
  set (id: string, session: object, done: Done): void
  destroy (id: string, done: Done): void
}

/** Seconds within which a store must show a note. */
const SHOWN_WITHIN = 2

/** Calls a method that takes a callback. */
export async function promised (call: (done: Done) => unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    call(error => error ? reject(error) : resolve())
  })
}

/** A session that is to be replaced by a note: its id, and the cookie whose attributes the note gets. */
export interface Replaced {
  readonly id: string
  readonly cookie: { toJSON? (): object } | undefined
}

/**
 * Puts a note with the new id in the place of a session. If a store doesn't keep or show it, the session is
 * still destroyed.
 */
export async function leaveNote (
  store: SessionStore, { id, cookie }: Replaced, newId: string
): Promise<void> {
  const expires = new Date(1000 * (systemClock() + NOTE_FOR))
  const note = { cookie: { ...cookie?.toJSON?.(), expires }, [ROTATED]: newId }
  try {
    await promised(done => store.set(id, note, done))
    const kept = await deadlineIn(SHOWN_WITHIN).call(() => storedAt(id, store))
    if (isNote(kept)) return
  } catch {
    // What destroys the session will tell of a store that fails.
  }
  await promised(done => store.destroy(id, done))
}

/** Hosts may show or log the content of a session: the new id is none of it. */
export function hideNewId (note: object): void {
  shadow(note, ROTATED, ownValue(note, ROTATED))
}

/** True for what is stored in the place of a session whose id was rotated. */
export function isNote (kept: unknown): boolean {
  return newIdIn(kept) !== null
}

function newIdIn (kept: unknown): string | null {
  const id = typeof kept === 'object' && kept !== null ? ownValue(kept, ROTATED) : null
  return typeof id === 'string' ? id : null
}

/** Reads a stored session. Null when it has ended, or its id was rotated. */
export async function keptOf (id: string, store: SessionStore): Promise<object | null> {
  const kept = await storedAt(id, store)
  return typeof kept === 'object' && !isNote(kept) ? kept : null
}

/** The id that a session was rotated to while a request of it was under way; null if it wasn't. */
export async function newIdOf (id: string, store: SessionStore): Promise<string | null> {
  const look = async () => newIdIn(await deadlineIn(SHOWN_WITHIN).call(async () => await storedAt(id, store)))
  // A logout must not miss the new session because of one lost answer.
  return await look().catch(look)
}

async function storedAt (id: string, store: SessionStore): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    store.get(id, (error, kept) => {
      if (!error) resolve(kept)
      else if (isAbsence(error)) resolve(null)
      else reject(error)
    })
  })
}

/** Stores in files say so of a session that isn't there. */
function isAbsence (error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'ENOENT'
}

/** The store of a request's sessions. Throws if there is none. */
export function storeOf (request: object, plugin: string): SessionStore {
  const store: unknown = Reflect.get(request, 'sessionStore')
  if (!isStore(store)) throw new Error(`the request has no sessionStore of ${plugin}`)
  return store
}

function isStore (store: unknown): store is SessionStore {
  return typeof store === 'object' && store !== null && 'get' in store && 'set' in store && 'destroy' in store
}
