import { turns } from '../documents/turns.js'
import { StoreError, TotpError } from '../errors.js'
import { deadlineIn } from '../time/deadline.js'
import { newIdOf, promised, type SessionStore } from './rotation.js'

/** Seconds that one use of a session may take. If its store never answers, later uses get their turn. */
export const LONGEST_USE = 5

const { inTurn } = turns()

/** Throws once a turn is over: a store has answered so late that others may have ended the session. */
export type InTime = () => void

/**
 * Lets the uses of one session take turns. Between looking whether it is still stored and saving it, this
 * process then neither rotates nor ends it. A use calls `inTime` before it saves what it has looked at.
 * Rejects with a StoreError if the store is too late.
 */
export async function useInTurn (
  sessionId: string, use: (inTime: InTime) => Promise<void>
): Promise<void> {
  await inTurn(sessionId, async () => {
    const deadline = deadlineIn(LONGEST_USE)
    try {
      await deadline.call(async () => await use(() => {
        if (deadline.isOver()) throw new Error('the store of the sessions answered too late')
      }))
    } catch (error) {
      // A session plugin passes it on: without a status, its answer would be 500.
      throw deadline.isOver() && !(error instanceof TotpError) ? new StoreError(error) : error
    }
  })
}

/**
 * Ends a session by `end`, and the sessions that it was rotated to while a request of it was under way, each
 * in its turn. Each is looked up first: its id stands in what `end` deletes. A logout that couldn't look is
 * an error, after the session has ended.
 */
export async function endWithNewIds (
  sessionId: string, store: SessionStore, inTime: InTime, end: () => Promise<void> | undefined,
  seen: ReadonlySet<string> = new Set()
): Promise<void> {
  inTime()
  const found = await settled(newIdOf(sessionId, store))
  await end()
  const newId = await found()
  const ended = new Set([...seen, sessionId])
  if (newId === null || ended.has(newId)) return
  const endNew = async () => await promised(done => store.destroy(newId, done))
  await useInTurn(newId, async () => await endWithNewIds(newId, store, inTime, endNew, ended))
}

/** Waits for a promise, and tells later how it ended. */
async function settled<T> (promise: Promise<T>): Promise<() => Promise<T>> {
  await promise.catch(() => {})
  return async () => await promise
}
