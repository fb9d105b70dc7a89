import { ConflictError, refuseHookCall, TotpError, UnidentifiedError } from '../errors.js'
import { ownValue } from '../own-property.js'
import { regenerateOnly, rotateId } from './fastify-rotation.js'
import { hideNewId, isNote, keptOf, storeOf, type Done, type SessionStore } from './rotation.js'
import { endWithNewIds, useInTurn, type InTime } from './session-turns.js'
import {
  entryOf, MARK, requireMark, sessionOf, type CookieHeaders, type FastifyPort, type SessionHooks
} from './session.js'
import { shadow } from './shadow.js'
import { cameWith, isStored, storedSession, type Act, type StoredSession } from './stored-session.js'

/*
 * `@fastify/session` loads a session when a request arrives, and saves it with the answer. Meanwhile another
 * request may have rotated its id, or ended it. Left alone, the plugin would bring the old session back, or
 * tell the browser to drop the cookie, which by then is the new session's: the user would be logged out. So
 * a rotated session leaves a note under its old id, a session is saved only while it is still stored, and no
 * answer to a request with an old id touches the cookie.
 */

/** A session that a request came with. */
interface Arrived {
  /** The original methods. They don't wait for a turn, and don't look whether the session is still stored. */
  readonly own: Readonly<Pick<StoredSession, 'save' | 'regenerate'>>
  /** The marks that this request read, or wrote itself, by their entries: each instance has one. */
  readonly marks: Map<string, unknown>
  /** Whether the answer sends the cookie because the request has saved the session earlier. */
  isSavedEarlier: boolean
}

/** Instances of this package share it: if each watched a session, one would wait for the turn of another. */
const arrivals = new WeakMap<object, Arrived>()

/** The cookie values of sessions that have ended, by the request that holds them. */
const endedCookies = new WeakMap<object, readonly string[]>()

/** Keeps marks in the sessions of `@fastify/session`, and rotates their ids. */
export const fastifySession: FastifySessionPort = portOf(MARK)

/** The port, with the hooks that the plugin adds for it. */
export interface FastifySessionPort extends FastifyPort<object> {
  readonly hooks: SessionHooks
}

function portOf (entry: string): FastifySessionPort {
  async function write (request: object, _reply: unknown, mark: string, rotate: boolean): Promise<void> {
    requireMark(mark)
    const session = storedSession(request)
    const store = storeOf(request, '@fastify/session')
    const arrived = arrivals.get(session)
    try {
      await useInTurn(session.sessionId, async inTime => {
        await requireUnchanged(session, store)
        inTime()
        session.set(entry, mark)
        if (rotate) {
          const regenerate = arrived?.own.regenerate ?? session.regenerate
          const renewed = await rotateId(request, session, store, regenerate, inTime)
          watch(request, renewed, arrived?.marks.keys())
        } else await (arrived?.own.save ?? session.save).call(session)
      })
      arrivals.get(storedSession(request))?.marks.set(entry, mark)
    } catch (error) {
      // Otherwise the plugin would save the session, or the one that `regenerate` put in its place. A session
      // whose mark changed meanwhile may still be saved by a login, with the mark that is stored.
      if (rotate || !(error instanceof TotpError)) {
        Reflect.set(request, 'session', session)
        leaveAlone(request, session)
      }
      throw error
    }
  }

  /**
   * A session that a request came with, or that holds a mark, was stored. If it is gone, it ended while this
   * request was under way, and saving or rotating it would log the user in again. If it holds another mark
   * now, its approval was withdrawn or replaced.
   */
  async function requireUnchanged (session: StoredSession, store: SessionStore): Promise<void> {
    const mark = entryOf(session, entry)
    const kept = await keptOf(session.sessionId, store)
    if (kept === null) {
      if (arrivals.has(session) || mark !== undefined) throw new UnidentifiedError()
    } else if (ownValue(kept, entry) !== mark) throw new ConflictError()
  }

  return {
    server: 'fastify',
    property: 'session',
    read (request, ...misused: unknown[]) {
      refuseHookCall(misused)
      const session = sessionOf(request)
      return session === null ? undefined : entryOf(session, entry)
    },
    write,
    withEntry (entry, ...misused: unknown[]) {
      refuseHookCall(misused)
      return portOf(entry)
    },
    hooks: {
      /** Looks at the session that a request came with. */
      onRequest (request, ...misused: unknown[]) {
        refuseHookCall(misused)
        const session = sessionOf(request)
        if (session === null || !isStored(session)) return
        if (isNote(session)) {
          leaveNoteAlone(request, session)
        } else if (cameWith(request, session)) watch(request, session, [entry])
      },

      /** Takes the cookie of a session that is over out of the answer. */
      onSend (request, reply, ...misused: unknown[]) {
        refuseHookCall(misused)
        const session = sessionOf(request)
        const arrived = session === null ? undefined : arrivals.get(session)
        if (session === null || !isStored(session) || arrived?.isSavedEarlier !== true) {
          return dropEnded(request, reply)
        }
        // Without an answer the cookie isn't prolonged: the browser has it anyway.
        return keptOf(session.sessionId, storeOf(request, '@fastify/session')).catch(() => null).then(kept => {
          if (kept === null) leaveAlone(request, session)
          dropEnded(request, reply)
        })
      }
    }
  }
}

function dropEnded (request: object, reply: CookieHeaders): void {
  const ended = endedCookies.get(request)
  if (ended === undefined) return
  const cookies = [reply.getHeader('set-cookie') ?? []].flat().map(String)
  const others = cookies.filter(cookie => !ended.some(value => cookie.split(';')[0]?.includes(value)))
  if (others.length === cookies.length) return
  reply.removeHeader('set-cookie')
  if (others.length > 0) reply.header('set-cookie', others)
}

/** From here on the session is saved only if it is still stored, and never brings an earlier mark back. */
function watch (request: object, session: StoredSession, entries: Iterable<string> = []): void {
  const { marks } = arrivals.get(session) ?? startToWatch(request, session)
  for (const entry of entries) marks.set(entry, entryOf(session, entry))
}

function startToWatch (request: object, session: StoredSession): Arrived {
  const { save, regenerate, destroy, reload, isSaved } = session
  const arrived: Arrived = { own: { save, regenerate }, marks: new Map(), isSavedEarlier: false }
  arrivals.set(session, arrived)

  async function saveIfStored (inTime: InTime): Promise<void> {
    const kept = await keptOf(session.sessionId, storeOf(request, '@fastify/session'))
    inTime()
    if (kept === null) return leaveAlone(request, session)
    for (const [entry, mark] of arrived.marks) {
      if (entryOf(session, entry) === mark) session.set(entry, ownValue(kept, entry))
    }
    await save.call(session)
  }

  async function endBy (inTime: InTime, end: () => Promise<void> | undefined): Promise<void> {
    await endWithNewIds(session.sessionId, storeOf(request, '@fastify/session'), inTime, end)
  }

  shadow(session, 'save', actInTurn(session, saveIfStored))
  shadow(session, 'reload', actInTurn(session, async () => {
    await reload.call(session)
    const reloaded = storedSession(request)
    if (isNote(reloaded)) leaveNoteAlone(request, reloaded)
    else watch(request, reloaded, arrived.marks.keys())
  }))
  shadow(session, 'destroy', actInTurn(session, async inTime => await endBy(inTime, () => destroy.call(session))))
  shadow(session, 'regenerate', (...given: readonly unknown[]) => {
    const keys = given.find(isList)
    return actInTurn(session, async inTime =>
      await endBy(inTime, () => regenerate.call(session, keys)))(given.find(isDone))
  })
  // The plugin asks when an answer doesn't save the session: it may have been saved, and ended since.
  shadow(session, 'isSaved', () => {
    arrived.isSavedEarlier = true
    return isSaved.call(session)
  })
  return arrived
}

function isList (value: unknown): value is string[] {
  return Array.isArray(value)
}

function isDone (value: unknown): value is Done {
  return typeof value === 'function'
}

/** A method of the session that waits for its turn, with a callback or a promise, as the plugin's have. */
function actInTurn (session: StoredSession, act: (inTime: InTime) => Promise<void>): Act {
  return done => {
    const acted = useInTurn(session.sessionId, act)
    if (!isDone(done)) return acted
    acted.then(() => done(), done)
    return undefined
  }
}

/** The request can still read the session, but `@fastify/session` no longer saves it or sends its cookie. */
function leaveAlone (request: object, session: StoredSession): void {
  const { sessionId, encryptedSessionId } = session
  endedCookies.set(request, [sessionId, encryptedSessionId].filter(id => id !== '').map(encodeURIComponent))
  shadow(session, 'encryptedSessionId', '')
}

/**
 * The same for a note that an old cookie found. It stays stored, whatever its request does: a logout that is
 * under way finds the new session by it.
 */
function leaveNoteAlone (request: object, note: StoredSession): void {
  const { regenerate } = note
  hideNewId(note)
  leaveAlone(request, note)
  shadow(note, 'destroy', actInTurn(note, async () => { Reflect.set(request, 'session', null) }))
  shadow(note, 'regenerate', (...given: readonly unknown[]) => actInTurn(note, async inTime => {
    const store = storeOf(request, '@fastify/session')
    await regenerateOnly(request, note, store, regenerate, given.find(isList), inTime)
  })(given.find(isDone)))
}
