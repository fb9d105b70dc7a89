import type { BackOff } from '../time/back-off.js'
import { secondsOf, type Clock } from '../time/clock.js'
import { deadlineIn, type Deadline } from '../time/deadline.js'
import { ConflictError, StoreError } from '../errors.js'
import { getOwn } from '../own-property.js'
import { freezeDocument, isFrozenDocument } from './frozen.js'
import type { Store } from './store.js'
import { turns } from './turns.js'

/** A decision on a document. To refuse without writing, throw instead of returning one. */
export interface Change<Document, T> {
  /** The document from now on; null deletes it. Absent where nothing is written. */
  readonly next?: Document | null | undefined
  /** Returned to the caller once `next` is written. */
  readonly answer: T
}

/** The documents in a store: checked when they are read, changed only by compare-and-set. */
export interface Documents<Document> {
  /** A use case that reads several documents passes one deadline for all of them. */
  read (key: string, deadline?: Deadline): Promise<Read<Document>>
  /** Decides on the document that is there now, and again whenever another write came between. */
  change<T> (key: string, decide: Decide<Document, T>, options?: ChangeOptions): Promise<T>
}

export interface ChangeOptions {
  /** The deadline of a use case that changes several documents. @default `timeout` from now */
  readonly deadline?: Deadline | undefined
  /** Among changes of one document that wait for each other, lower ranks come first. @default 0 */
  readonly rank?: number | undefined
}

/** Decides on a document as it is at `now`; null when there is none. */
export type Decide<Document, T> = (document: Document | null, now: number) => Change<Document, T>

/** A document, or null when there is none, and the time at which it was read. */
export interface Read<Document> {
  readonly document: Document | null
  readonly now: number
}

/** A change that was decided on, but not written yet. */
interface Draft<Document, T> extends Read<Document>, Change<Document, T> {}

/** Options of `documentsIn`. */
export interface DocumentsOptions<Document extends { readonly revision: number }> {
  readonly store: Store<Document>
  /** Returns the document that was read, or is to be written, if it belongs under this key. Throws if not. */
  readonly check: (key: string, stored: unknown, now: number) => Document
  readonly clock: Clock
  /**
   * Seconds that one read, or one change with all its tries, may wait for the store. A change that has lost a
   * race tries again for half of that time.
   */
  readonly timeout: number
  readonly backOff: BackOff
}

/** Reads and changes the documents in a store. */
export function documentsIn<Document extends { readonly revision: number }> (
  { store, check, clock, timeout, backOff }: DocumentsOptions<Document>
): Documents<Document> {
  const { isTaken, inTurn } = turns()
  /** Frozen documents that passed the check, and their key: each is checked once, not with every request. */
  const checked = new WeakMap<object, { readonly key: string, readonly document: Document }>()

  return {
    read: (key, deadline = deadlineIn(timeout)) => read(key, deadline),

    async change (key, decide, { deadline = deadlineIn(timeout), rank = 0 } = {}) {
      const draft = await makeDraft(key, decide, deadline)
      if (draft.next === undefined) return draft.answer
      if (!isTaken(key) && await replace(key, draft, draft.next, deadline)) return draft.answer
      return await changeInTurn(key, decide, { deadline, rank })
    }
  }

  /**
   * A change that lost a race waits for its turn, and so does every later change that writes. Otherwise luck
   * would decide who is next, and a flood of writes could keep an operator from revoking anything. After
   * that, only other processes can win a race.
   */
  async function changeInTurn<T> (
    key: string, decide: Decide<Document, T>, { deadline, rank }: { deadline: Deadline, rank: number }
  ): Promise<T> {
    const turnDeadline = deadline.within(timeout / 2)

    async function tryUntilWon (): Promise<T> {
      for (let lost = 1; !turnDeadline.isOver(); lost++) {
        const draft = await makeDraft(key, decide, deadline)
        if (draft.next === undefined || await replace(key, draft, draft.next, deadline)) return draft.answer
        await backOff(rank === 0 ? 1 : lost)
      }
      throw new ConflictError()
    }

    async function wait (turn: Promise<void>): Promise<void> {
      await turnDeadline.waitFor(turn).catch(() => { throw new ConflictError() })
    }

    // Otherwise a process with many writes would win each race against one with a single write.
    return await inTurn(key, tryUntilWon, { rank, wait, rest: async () => await backOff(1) })
  }

  async function makeDraft<T> (
    key: string, decide: Decide<Document, T>, deadline: Deadline
  ): Promise<Draft<Document, T>> {
    const { document, now } = await read(key, deadline)
    const change = decide(document, now)
    return { document, now, next: getOwn(change, 'next'), answer: change.answer }
  }

  async function read (key: string, deadline: Deadline): Promise<Read<Document>> {
    let stored: unknown
    try {
      stored = await deadline.waitFor(store.get(key))
    } catch (error) {
      throw new StoreError(error)
    }
    const now = secondsOf(clock)
    return { document: stored === null ? null : checkOnce(key, stored, now), now }
  }

  /** Checks a document, unless it is a frozen one that passed the check under this key before. */
  function checkOnce (key: string, stored: unknown, now: number): Document {
    const known = typeof stored === 'object' && stored !== null ? checked.get(stored) : undefined
    if (known?.key === key) return known.document
    const document = check(key, stored, now)
    if (isFrozenDocument(document)) checked.set(document, { key, document })
    return document
  }

  /**
   * Checks a document and freezes it: a store that keeps the object itself then returns a checked document.
   */
  function checkAndFreeze (key: string, next: Document, now: number): Document {
    const document = freezeDocument(check(key, next, now))
    checked.set(document, { key, document })
    return document
  }

  /** False when another write came between. */
  async function replace (
    key: string, { document, now }: Read<Document>, next: Document | null, deadline: Deadline
  ): Promise<boolean> {
    const revised = next === null || document === null ? next : { ...next, revision: document.revision + 1 }
    // Checked, because writing a document that can't be read again would lose the one that is there.
    const written = revised === null ? null : checkAndFreeze(key, revised, now)
    let won: unknown
    try {
      won = await deadline.waitFor(store.replace(key, document?.revision ?? null, written))
    } catch (error) {
      throw new StoreError(error)
    }
    if (typeof won !== 'boolean') throw new StoreError(new Error('replace resolved neither true nor false'))
    return won
  }
}
