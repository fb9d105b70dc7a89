import { ConflictError, refuseHookCall, TotpError, UnidentifiedError } from '../errors.js'
import { ownValue } from '../own-property.js'
import { turns } from '../documents/turns.js'
import { deadlineIn } from '../time/deadline.js'
import { keptOf, ROTATED, rotateId } from './rotation.js'
import { entryOf, MARK, requireMark, sessionOf, type OwnPort, type SessionHooks } from './session.js'
import {
  cameWith, isStored, shadow, storedSession, storeOf, type Act, type SessionStore, type StoredSession
} from './stored-session.js'

/*
 * `@fastify/session` loads a session when a request arrives, and saves it with the answer. Meanwhile another
 * request may have rotated its id, or ended it. Left alone, the plugin would bring the old session back, or
 * tell the browser to drop the cookie, which by then is the new session's: the user would be logged out. So
 * a rotated session leaves a note under its old id, a session is saved only while it is still stored, and no
 * answer to a request with an old id touches the cookie.
 */

/** A session that a request came with. */
interface Arrived {
  /** The original `save`, which doesn't check that the session still exists. */
  readonly save: Act
  /** The marks that this request read, or wrote itself, by their entries: each instance has one. */
  readonly marks: Map<string, unknown>
}

/** Instances of this package share it: if each watched a session, one would wait for the turn of another. */
const arrivals = new WeakMap<object, Arrived>()

/** The cookie values of sessions that have ended, by the request that holds them. */
const endedCookies = new WeakMap<object, readonly string[]>()

/** Keeps marks in the sessions of `@fastify/session`, and rotates their ids. */
export const fastifySession: FastifySessionPort = portOf(MARK)

/** The port, with the hooks that the plugin adds for it. */
export interface FastifySessionPort extends OwnPort<object> {
  readonly hooks: SessionHooks
}

const { inTurn } = turns()

/** Seconds that one use of a session may take. If its store never answers, later uses get their turn. */
const LONGEST_USE = 5

/**
 * Lets the uses of one session take turns. Between looking whether it is still stored and saving it, this
 * process then neither rotates nor ends it.
 */
async function useInTurn (session: StoredSession, use: () => Promise<void>): Promise<void> {
  await inTurn(session.sessionId, async () => await deadlineIn(LONGEST_USE).call(use))
}

function portOf (entry: string): FastifySessionPort {
  async function write (request: object, _reply: unknown, mark: string, rotate: boolean): Promise<void> {
    requireMark(mark)
    const session = storedSession(request)
    const store = storeOf(request)
    const arrived = arrivals.get(session)
    try {
      await useInTurn(session, async () => {
        await requireUnchanged(session, store)
        session.set(entry, mark)
        if (rotate) await rotateId(session, store)
        else await (arrived?.save ?? session.save).call(session)
      })
      arrived?.marks.set(entry, mark)
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
    const kept = await keptOf(session, store)
    if (kept === null) {
      if (arrivals.has(session) || mark !== undefined) throw new UnidentifiedError()
    } else if (ownValue(kept, entry) !== mark) throw new ConflictError()
  }

  return {
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
        if (entryOf(session, ROTATED) === true) leaveAlone(request, session)
        else if (cameWith(request, session)) watch(request, session).set(entry, entryOf(session, entry))
      },

      /** Takes the cookie of a session that is over out of the answer. */
      onSend (request, reply, ...misused: unknown[]) {
        refuseHookCall(misused)
        const ended = endedCookies.get(request)
        if (ended === undefined) return
        const cookies = [reply.getHeader('set-cookie') ?? []].flat().map(String)
        const others = cookies.filter(cookie => !ended.some(value => cookie.split(';')[0]?.includes(value)))
        if (others.length === cookies.length) return
        reply.removeHeader('set-cookie')
        if (others.length > 0) reply.header('set-cookie', others)
      }
    }
  }
}

/**
 * From here on the session is saved only if it is still stored, and never brings an earlier mark back.
 * Returns the marks that are looked after.
 */
function watch (request: object, session: StoredSession): Map<string, unknown> {
  const known = arrivals.get(session)
  if (known !== undefined) return known.marks
  const { save, destroy } = session
  const marks = new Map<string, unknown>()
  arrivals.set(session, { save, marks })

  async function saveIfStored (): Promise<void> {
    const kept = await keptOf(session, storeOf(request))
    if (kept === null) return leaveAlone(request, session)
    for (const [entry, mark] of marks) {
      if (entryOf(session, entry) === mark) session.set(entry, ownValue(kept, entry))
    }
    await save.call(session)
  }

  shadow(session, 'save', actInTurn(session, saveIfStored))
  if (destroy !== undefined) {
    shadow(session, 'destroy', actInTurn(session, async () => await destroy.call(session)))
  }
  return marks
}

/** A method of the session that waits for its turn, with a callback or a promise, as the plugin's have. */
function actInTurn (session: StoredSession, act: () => Promise<void>): Act {
  return done => {
    const acted = useInTurn(session, act)
    if (done === undefined) return acted
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
