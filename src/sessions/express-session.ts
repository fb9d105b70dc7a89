import type { ServerResponse } from 'node:http'
import { ConflictError, refuseHookCall, UnidentifiedError } from '../errors.js'
import { ownValue } from '../own-property.js'
import { lookAfterAnswer } from './express-answer.js'
import { requireOpen, rotateId } from './express-rotation.js'
import {
  cameWith, expressSessionOf, leaveAlone, leaveNoteAlone, sessionIn, setEntry, type ExpressSession
} from './express-stored-session.js'
import { noteSaved, saveNow, takeMarks, watch, type Watched } from './express-watch.js'
import { hideNewId, isNote, keptOf, storeOf } from './rotation.js'
import { MARK, requireMark, type ConnectPort } from './session.js'
import { useInTurn } from './session-turns.js'

/*
 * express-session loads a session when a request arrives, and saves it with the answer, after the headers.
 * Meanwhile another request may have rotated its id, or ended it. Left alone, express-session would bring the
 * old session back, or send its cookie, and the browser would lose the new one: the user would be logged out.
 * So a rotated session leaves a note under its old id, a session is saved only while it is still stored, and
 * it is saved before its cookie is sent.
 */

/** Keeps marks in the sessions of `express-session`, and rotates their ids. */
export const expressSession: ConnectPort<object, ServerResponse> = portOf(MARK)

/** Requests whose session is looked after, by whichever instance of this package sees them first. */
const lookedAfter = new WeakSet<object>()

function portOf (entry: string): ConnectPort<object, ServerResponse> {
  async function writeInTurn (
    request: object, response: ServerResponse, mark: string, rotate: boolean
  ): Promise<void> {
    const session = expressSessionOf(request)
    if (rotate || !cameWith(request, session)) requireOpen(response)
    await useInTurn(session.id, async inTime => {
      const kept = await requireUnchanged(request, session)
      inTime()
      const known = watch(request, session, [entry])
      if (kept !== null) takeMarks(session, known, kept)
      if (rotate) {
        const { own: { regenerate }, marks } = known
        const renewed = await rotateId({
          request, response, session, regenerate, entries: { [entry]: mark }, inTime
        })
        noteSaved(renewed, watch(request, renewed, marks.keys()))
        return
      }
      try {
        await keep(session, known, mark)
      } catch (error) {
        // The cookie of a session that was never stored must not reach the browser.
        if (kept === null) leaveAlone(request, session)
        throw error
      }
    })
  }

  /**
   * The session as it is stored. A session that a request came with, or that holds a mark, was stored. If it
   * is gone, it ended while this request was under way, and saving or rotating it would log the user in
   * again. If it holds another mark now, its approval was withdrawn or replaced.
   */
  async function requireUnchanged (request: object, session: ExpressSession): Promise<object | null> {
    const mark = ownValue(session, entry)
    const kept = await keptOf(session.id, storeOf(request, 'express-session'))
    if (kept === null) {
      if (mark === undefined && !cameWith(request, session)) return null
      leaveAlone(request, session)
      throw new UnidentifiedError()
    }
    if (ownValue(kept, entry) !== mark) throw new ConflictError()
    return kept
  }

  async function keep (session: ExpressSession, known: Watched, mark: string): Promise<void> {
    const before = ownValue(session, entry)
    setEntry(session, entry, mark)
    try {
      await saveNow(session, known)
    } catch (error) {
      setEntry(session, entry, before)
      known.isSettled = true
      throw error
    }
  }

  return {
    server: 'connect',

    read (request, ...misused: unknown[]) {
      refuseHookCall(misused)
      return ownValue(expressSessionOf(request), entry)
    },

    // With a fourth parameter that has no default, Express would take it for an error handler.
    write (request, response, mark, rotate = false) {
      requireMark(mark)
      return writeInTurn(request, response, mark, rotate)
    },

    withEntry (entry, ...misused: unknown[]) {
      refuseHookCall(misused)
      return portOf(entry)
    },

    lookAfter (request, response, log) {
      refuseHookCall([log])
      const session = sessionIn(request)
      if (session === null) return
      if (cameWith(request, session) && !isNote(session)) watch(request, session, [entry])
      if (lookedAfter.has(request)) return
      lookedAfter.add(request)
      if (!isNote(session)) return lookAfterAnswer(request, response, session, log)
      hideNewId(session)
      leaveNoteAlone(request, session)
    }
  }
}
