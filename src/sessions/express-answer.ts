import type { ServerResponse } from 'node:http'
import { aroundEnd } from './around-end.js'
import {
  cameWith, contentOf, isSent, leaveAlone, sessionIn, withoutId, type ExpressSession
} from './express-stored-session.js'
import { watch, watchedOf, type Watched } from './express-watch.js'
import { keptOf, promised, storeOf, type SessionStore } from './rotation.js'
import { deadlineIn } from '../time/deadline.js'
import { LONGEST_USE } from './session-turns.js'
import type { SessionLog } from './session.js'

type Setting = keyof typeof WARNINGS

const WARNINGS = {
  resave: 'saves sessions that a request didn\'t change, and can overwrite what another request saved meanwhile',
  rolling: 'sends the cookie with every answer, so a slow one can bring an old session id back to the browser',
  saveUninitialized: 'creates a session for every visitor, and replaces the cookie of one whose session has ended'
}

/** What the answers of one session middleware have shown of its settings. */
interface Seen {
  readonly warned: Set<Setting>
  /**
   * Whether it saves sessions, or sends their cookies, that seem unchanged to this package: by its settings,
   * or because a middleware in front of this package changed them. Undefined until the first answer.
   */
  takesUnchanged?: boolean
}

const seenBy = new WeakMap<SessionStore, Seen>()

/**
 * Saves a changed session before its cookie is sent, and keeps the cookie back of a session that isn't known
 * to be stored any more.
 */
export function lookAfterAnswer (
  request: object, response: ServerResponse, arrived: ExpressSession, { warn, fail }: SessionLog
): void {
  const store = storeOf(request, 'express-session')
  const seen = seenBy.get(store) ?? { warned: new Set() }
  seenBy.set(store, seen)
  const content = contentOf(arrived)
  /** The content that the store has, once it was looked up. */
  let stored: string | null = null
  let isStored = false

  function before (): Promise<void> | null {
    const session = sessionIn(request)
    const known = session === null ? undefined : watchedOf(session) ?? watchAgain(session)
    // Hosts may answer a logout without waiting for its end.
    if (session === null) return watchedOf(arrived)?.ending ?? null
    if (known === undefined) return null
    known.noteSave = stored => {
      seen.takesUnchanged = true
      if (stored === contentOf(session)) warnOnce('resave')
    }
    if (contentOf(session) !== known.content) {
      return promised(done => session.save(done)).then(() => { isStored = true })
    }
    return isUnchanged(session) && seen.takesUnchanged === false ? null : look(session)
  }

  /** A host may create another object for the session that the request came with. */
  function watchAgain (session: ExpressSession): Watched | undefined {
    const known = watchedOf(arrived)
    if (known === undefined || session.id !== arrived.id) return undefined
    return watch(request, session, known.marks.keys())
  }

  function isUnchanged (session: ExpressSession): boolean {
    return session === arrived && contentOf(session) === content
  }

  /** Not in turn: an answer doesn't wait for a rotation that hangs. */
  async function look (session: ExpressSession): Promise<void> {
    const kept = await deadlineIn(LONGEST_USE).call(async () => await keptOf(session.id, store))
    if (kept === null) return leaveAlone(request, session)
    isStored = true
    stored = contentOf(kept)
  }

  function sendHead (send: () => unknown): unknown {
    const session = sessionIn(request)
    if (session === null || isStored || !cameWith(request, session)) return send()
    // Where answers don't send the cookie of an unchanged session, nothing has to be held back.
    return isUnchanged(session) && seen.takesUnchanged === false ? send() : withoutId(request, send)
  }

  function after (): void {
    const session = sessionIn(request)
    if (session === null || !isUnchanged(session)) return
    const isInAnswer = isSent(response, session)
    if (stored === null && isInAnswer && seen.takesUnchanged === false) seen.takesUnchanged = true
    if (stored !== null) {
      seen.takesUnchanged = isInAnswer || seen.takesUnchanged === true
      if (isInAnswer && stored === content) warnOnce('rolling')
    } else if (isInAnswer && content === EMPTY) warnOnce('saveUninitialized')
  }

  function warnOnce (setting: Setting): void {
    if (seen.warned.has(setting)) return
    seen.warned.add(setting)
    warn(`express-session has ${setting}: true. It ${WARNINGS[setting]}. Set ${setting}: false`)
  }

  aroundEnd(response, { before, sendHead, after, fail })
}

const EMPTY = contentOf({})
