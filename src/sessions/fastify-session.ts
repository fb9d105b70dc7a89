import { ConflictError, refuseHookCall, TotpError, UnidentifiedError } from '../errors.js'
import { ownValue } from '../own-property.js'
import { turns } from '../documents/turns.js'
import { systemClock } from '../time/clock.js'
import {
  entryOf, MARK, requireMark, sessionOf, type KeyedSession, type OwnPort, type SessionHooks
} from './session.js'

/*
 * `@fastify/session` loads a session when a request arrives, and saves it with the answer. Meanwhile another
 * request may have rotated its id, or ended it. Left alone, the plugin would bring the old session back, or
 * tell the browser to drop the cookie, which by then is the new session's: the user would be logged out. So
 * a rotated session leaves a note under its old id, a session is saved only while it is still stored, and no
 * answer to a request with an old id touches the cookie.
 */

/** A session of `@fastify/session`. */
interface StoredSession extends KeyedSession {
  readonly sessionId: string
  /** The id as the cookie has it. Without it the plugin neither saves the session nor touches the cookie. */
  readonly encryptedSessionId: string
  readonly cookie?: { toJSON? (): object }
  regenerate (keys: string[]): Promise<void>
  save: Act
  destroy?: Act
}

type Done = (error?: unknown) => void
type Act = (done?: Done) => Promise<void> | undefined

interface SessionStore {
  get (id: string, done: (error: unknown, session?: unknown) => void): void
  set (id: string, session: object, done: Done): void
  destroy (id: string, done: Done): void
}

/** The entry of the note that a rotated session leaves. */
const ROTATED = 'totpRotated'

/** Seconds for which the note stays: by then every request that was sent with the old cookie has arrived. */
const NOTE_FOR = 300

/** A session that a request came with. */
interface Arrived {
  /** The original `save`, which doesn't check that the session still exists. */
  readonly save: Act
  /** The mark that this request read, or wrote itself. */
  mark: unknown
}

/** The cookie values of sessions that have ended, by the request that holds them. */
const endedCookies = new WeakMap<object, readonly string[]>()

/** Keeps marks in the sessions of `@fastify/session`, and rotates their ids. */
export const fastifySession: FastifySessionPort = portOf(MARK)

/** The port, with the hooks that the plugin adds for it. */
export interface FastifySessionPort extends OwnPort<object> {
  readonly hooks: SessionHooks
}

/**
 * What is done to one session is done in turn: between looking whether it is still stored and saving it, this
 * process neither rotates nor ends it.
 */
const { inTurn } = turns()

function portOf (entry: string): FastifySessionPort {
  const arrivals = new WeakMap<object, Arrived>()

  async function write (request: object, _reply: unknown, mark: string, rotate: boolean): Promise<void> {
    requireMark(mark)
    const session = storedSession(request)
    const store = storeOf(request)
    const arrived = arrivals.get(session)
    try {
      await inTurn(session.sessionId, async () => {
        await requireUnchanged(session, store)
        session.set(entry, mark)
        if (rotate) await rotateId(session, store)
        else await (arrived?.save ?? session.save).call(session)
      })
      if (arrived !== undefined) arrived.mark = mark
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

  /** From here on the session is saved only if it is still stored, and never brings an earlier mark back. */
  function watch (request: object, session: StoredSession): void {
    const arrived: Arrived = { save: session.save, mark: entryOf(session, entry) }
    arrivals.set(session, arrived)

    async function saveIfStored (): Promise<void> {
      const kept = await keptOf(session, storeOf(request))
      if (kept === null) return leaveAlone(request, session)
      if (entryOf(session, entry) === arrived.mark) session.set(entry, ownValue(kept, entry))
      await arrived.save.call(session)
    }

    const { destroy } = session
    hide(session, 'save', actInTurn(session, saveIfStored))
    if (destroy !== undefined) {
      hide(session, 'destroy', actInTurn(session, async () => await destroy.call(session)))
    }
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
        else if (cameWith(request, session)) watch(request, session)
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

/** A method of the session that waits for its turn, with a callback or a promise, as the plugin's have. */
function actInTurn (session: StoredSession, act: () => Promise<void>): Act {
  return done => {
    const acted = inTurn(session.sessionId, act)
    if (done === undefined) return acted
    acted.then(() => done(), done)
    return undefined
  }
}

/** The request can still read the session, but `@fastify/session` no longer saves it or sends its cookie. */
function leaveAlone (request: object, session: StoredSession): void {
  const { sessionId, encryptedSessionId } = session
  endedCookies.set(request, [sessionId, encryptedSessionId].filter(id => id !== '').map(encodeURIComponent))
  hide(session, 'encryptedSessionId', '')
}

/** Replaces a property of the prototype without a trace in what is stored. */
function hide (session: StoredSession, name: string, value: unknown): void {
  Object.defineProperty(session, name, { value, enumerable: false, configurable: true })
}

/** What is stored of a session; null when it has ended, or its id was rotated. */
async function keptOf ({ sessionId }: StoredSession, store: SessionStore): Promise<object | null> {
  const kept = await new Promise<unknown>((resolve, reject) => {
    store.get(sessionId, (error, kept) => error ? reject(error) : resolve(kept))
  })
  return typeof kept === 'object' && !isNote(kept) ? kept : null
}

/** Gives the session a new id. Where the plugin would delete the old one it leaves a note, without a gap. */
async function rotateId (session: StoredSession, store: SessionStore): Promise<void> {
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

/** True for a session that was loaded by the cookie, and not created for this request. */
function cameWith (request: object, { sessionId, encryptedSessionId }: StoredSession): boolean {
  const cookies: unknown = Reflect.get(request, 'cookies')
  return typeof cookies === 'object' && cookies !== null && Object.values(cookies).some(value =>
    typeof value === 'string' && (value.includes(sessionId) || value.endsWith(encryptedSessionId)))
}

function storedSession (request: object): StoredSession {
  const session = sessionOf(request)
  if (session === null || !isStored(session)) throw new Error('the request has no session of @fastify/session')
  return session
}

function isStored (session: KeyedSession): session is StoredSession {
  return 'regenerate' in session && 'save' in session && 'sessionId' in session
}

function storeOf (request: object): SessionStore {
  const store: unknown = Reflect.get(request, 'sessionStore')
  if (!isStore(store)) throw new Error('the request has no sessionStore of @fastify/session')
  return store
}

function isStore (store: unknown): store is SessionStore {
  return typeof store === 'object' && store !== null && 'get' in store && 'set' in store && 'destroy' in store
}
