import { ownValue } from '../own-property.js'
import { systemClock } from '../time/clock.js'
import type { Done, SessionStore, StoredSession } from './stored-session.js'

/** The entry of the note that a rotated session leaves. */
export const ROTATED = 'totpRotated'

/** Seconds for which the note stays: by then every request that was sent with the old cookie has arrived. */
const NOTE_FOR = 300

/** Gives the session a new id. Where the plugin would delete the old one it leaves a note, without a gap. */
export async function rotateId (session: StoredSession, store: SessionStore): Promise<void> {
  const { sessionId: old, cookie } = session
  const note = {
    cookie: { ...cookie?.toJSON?.(), expires: new Date(1000 * (systemClock() + NOTE_FOR)) },
    [ROTATED]: true
  }
  const noting: SessionStore = {
    get: (id, done) => { store.get(id, done) },
    set: (id, kept, done) => { store.set(id, kept, done) },
    destroy: (id, done) => { id === old ? leaveNote(store, id, note, done) : store.destroy(id, done) }
  }
  const slots = Object.getOwnPropertySymbols(session).filter(slot => Reflect.get(session, slot) === store)
  const rotating = Object.create(session, Object.fromEntries(slots.map(slot => [slot, { value: noting }])))
  // `regenerate` keeps only the entries that it is given, and creates the cookie itself.
  await session.regenerate.call(rotating, Object.keys(session).filter(key => key !== 'cookie'))
}

/** Puts the note in the place of a session. If a store doesn't keep it, the session is still destroyed. */
function leaveNote (store: SessionStore, id: string, note: object, done: Done): void {
  store.set(id, note, () => {
    store.get(id, (error, kept) => {
      if (!error && isNote(kept)) done()
      else store.destroy(id, done)
    })
  })
}

function isNote (kept: unknown): boolean {
  return typeof kept === 'object' && kept !== null && ownValue(kept, ROTATED) === true
}

/** Reads the stored session. Null when it has ended, or its id was rotated. */
export async function keptOf ({ sessionId }: StoredSession, store: SessionStore): Promise<object | null> {
  const kept = await new Promise<unknown>((resolve, reject) => {
    store.get(sessionId, (error, kept) => error ? reject(error) : resolve(kept))
  })
  return typeof kept === 'object' && !isNote(kept) ? kept : null
}
