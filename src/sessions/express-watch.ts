import { ownValue } from '../own-property.js'
import {
  contentOf, expressSessionOf, leaveAlone, leaveNoteAlone, setEntry, type ExpressSession
} from './express-stored-session.js'
import { isNote, keptOf, promised, storeOf, type Done } from './rotation.js'
import { endWithNewIds, useInTurn, type InTime } from './session-turns.js'
import { shadow } from './shadow.js'

/** What is known of a session that a request holds. */
export interface Watched {
  /** The entries that the store had last. */
  content: string
  /** The marks that this request read, or wrote itself, by their entries: each instance has one. */
  readonly marks: Map<string, unknown>
  /** Whether the session is saved only if it changes: this request has saved it itself, or has tried to. */
  isSettled: boolean
  /**
   * Null until the answer to the request ends. From then on it is told when express-session saves an
   * unchanged session, with the content that is stored.
   */
  noteSave: ((stored: string) => void) | null
  /** Resolves once the request has ended the session, or failed to. Null as long as it hasn't tried. */
  ending: Promise<void> | null
  /** The original methods. They don't wait for a turn, and don't look whether the session is still stored. */
  readonly own: Readonly<Pick<ExpressSession, 'save' | 'regenerate' | 'reload'>>
}

const sessions = new WeakMap<ExpressSession, Watched>()

/** What is known of a session; undefined if it isn't watched. */
export function watchedOf (session: ExpressSession): Watched | undefined {
  return sessions.get(session)
}

/** From here on the session is saved only if it is still stored, and never brings an earlier mark back. */
export function watch (request: object, session: ExpressSession, entries: Iterable<string>): Watched {
  const known = sessions.get(session) ?? startToWatch(request, session)
  for (const entry of entries) {
    if (!known.marks.has(entry)) known.marks.set(entry, ownValue(session, entry))
  }
  return known
}

function startToWatch (request: object, session: ExpressSession): Watched {
  const { save, regenerate, reload } = session
  const known: Watched = {
    content: contentOf(session),
    marks: new Map(),
    isSettled: false,
    noteSave: null,
    ending: null,
    own: { save, regenerate, reload }
  }
  sessions.set(session, known)
  shadow(session, 'save', actInTurn(session, async inTime =>
    await saveIfStored(request, session, known, inTime)))
  shadow(session, 'reload', actInTurn(session, async () => await reloadWatched(request, session, known)))
  shadow(session, 'regenerate', actInTurn(session, async inTime => {
    await endWithNewIds(session.id, storeOf(request, 'express-session'), inTime, async () =>
      await promised(done => regenerate.call(session, done)))
  }))
  shadow(session, 'destroy', (done?: Done | null) => {
    const store = storeOf(request, 'express-session')
    Reflect.deleteProperty(request, 'session')
    const ended = useInTurn(session.id, async inTime => {
      await endWithNewIds(session.id, store, inTime, async () =>
        await promised(done => store.destroy(session.id, done)))
    })
    known.ending = ended.catch(() => {})
    tell(ended, done)
    return session
  })
  return known
}

/** A method of the session that waits for its turn. */
function actInTurn (
  session: ExpressSession, act: (inTime: InTime) => Promise<void>
): (done?: Done | null) => ExpressSession {
  return done => {
    tell(useInTurn(session.id, act), done)
    return session
  }
}

function tell (acted: Promise<void>, done: Done | null | undefined): void {
  acted.then(() => done?.(), error => done?.(error))
}

async function saveIfStored (
  request: object, session: ExpressSession, known: Watched, inTime: InTime
): Promise<void> {
  const isUnchanged = contentOf(session) === known.content
  if (known.isSettled && isUnchanged) return
  const kept = await keptOf(session.id, storeOf(request, 'express-session'))
  inTime()
  if (kept === null) return leaveAlone(request, session)
  if (isUnchanged) known.noteSave?.(contentOf(kept))
  takeMarks(session, known, kept)
  await saveNow(session, known)
}

/** Takes over the marks that other requests have written meanwhile. */
export function takeMarks (session: ExpressSession, { marks }: Watched, kept: object): void {
  for (const [entry, mark] of marks) {
    if (ownValue(session, entry) === mark) setEntry(session, entry, ownValue(kept, entry))
  }
}

/** Saves the session as it is. */
export async function saveNow (session: ExpressSession, known: Watched): Promise<void> {
  await promised(done => known.own.save.call(session, done))
  noteSaved(session, known)
}

/** The store has the session as it is now. */
export function noteSaved (session: ExpressSession, known: Watched): void {
  known.content = contentOf(session)
  for (const entry of known.marks.keys()) known.marks.set(entry, ownValue(session, entry))
  known.isSettled = true
}

/** `reload` gives the request another session object. */
async function reloadWatched (
  request: object, session: ExpressSession, { own, marks }: Watched
): Promise<void> {
  await promised(done => own.reload.call(session, done))
  const reloaded = expressSessionOf(request)
  watch(request, reloaded, marks.keys())
  if (!isNote(reloaded)) return
  leaveNoteAlone(request, reloaded)
  throw new Error('failed to load session')
}
