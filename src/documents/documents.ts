import type { BackOff } from '../time/back-off.js'
import { secondsOf, type Clock } from '../time/clock.js'
import { deadlineIn, type Deadline } from '../time/deadline.js'
import { ConflictError, StoreError } from '../errors.js'
import { freezeDocument, isFrozenDocument } from './frozen.js'
import type { Store } from './store.js'
import { turns } from './turns.js'

/** What is to become of a document. Throwing decides too: to refuse, without writing. */
export interface Change<Document, T> {
  /** The document from now on, null to delete it, absent to leave it as it is. */
  readonly next?: Document | null | undefined
  /** What the caller learns, once `next` is written. */
  readonly answer: T
}

/** The documents in a store: checked when they are read, changed by compare-and-set alone. */
export interface Documents<Document> {
  /** By the deadline of a use case that reads several, or one of its own. */
  read (key: string, deadline?: Deadline): Promise<Read<Document>>
  /** Decides on what is there now, and again whenever another write came between. */
  change<T> (key: string, decide: Decide<Document, T>, deadline?: Deadline): Promise<T>
}

/** Decides on a document as it is at `now`, null where there is none. */
export type Decide<Document, T> = (document: Document | null, now: number) => Change<Document, T>

/** A document, null where there is none, and the time at which it was read. */
export interface Read<Document> {
  readonly document: Document | null
  readonly now: number
}

/** A change that was decided on, and not made yet. */
interface Draft<Document, T> extends Read<Document>, Change<Document, T> {}

/** Options of `documentsIn`. */
export interface DocumentsOptions<Document extends { readonly revision: number }> {
  readonly store: Store<Document>
  /** What the store gave, or is to be given, if it is a document of this key. Throws for all else. */
  readonly check: (key: string, stored: unknown, now: number) => Document
  readonly clock: Clock
  /**
   * Seconds that one read, or one change with all its tries, may wait for the store. A change that has lost a
   * race goes on for half as long.
   */
  readonly timeout: number
  readonly backOff: BackOff
}

/** Reads and changes the documents in a store. */
export function documentsIn<Document extends { readonly revision: number }> (
  { store, check, clock, timeout, backOff }: DocumentsOptions<Document>
): Documents<Document> {
  const { isTaken, inTurn } = turns()
  /** Frozen documents that fit, and the key they fit: each is checked once, not with every request. */
  const fitting = new WeakMap<object, { readonly key: string, readonly document: Document }>()

  return {
    read: (key, deadline = deadlineIn(timeout)) => read(key, deadline),

    async change (key, decide, deadline = deadlineIn(timeout)) {
      const draft = await drafted(key, decide, deadline)
      if (draft.next === undefined) return draft.answer
      if (!isTaken(key) && await replace(key, draft, draft.next, deadline)) return draft.answer
      return await changeInTurn(key, decide, deadline)
    }
  }

  /**
   * Whoever has lost a race waits for a turn, and so does whoever comes meanwhile to write. A flood of writes
   * would otherwise leave it to luck who is next, and nobody could revoke anything any more. What remains to
   * race with are other processes.
   */
  async function changeInTurn<T> (key: string, decide: Decide<Document, T>, deadline: Deadline): Promise<T> {
    const patience = deadline.within(timeout / 2)
    return await inTurn(key, async () => {
      for (let lost = 1; !patience.isOver(); lost++) {
        const draft = await drafted(key, decide, deadline)
        if (draft.next === undefined || await replace(key, draft, draft.next, deadline)) return draft.answer
        await backOff(lost)
      }
      throw new ConflictError()
    }, async before => {
      await patience.race(() => before).catch(() => { throw new ConflictError() })
    })
  }

  async function drafted<T> (
    key: string, decide: Decide<Document, T>, deadline: Deadline
  ): Promise<Draft<Document, T>> {
    const { document, now } = await read(key, deadline)
    const { next, answer } = decide(document, now)
    return { document, now, next, answer }
  }

  async function read (key: string, deadline: Deadline): Promise<Read<Document>> {
    let stored: unknown
    try {
      stored = await deadline.wait(store.get(key))
    } catch (error) {
      throw new StoreError(error)
    }
    const now = secondsOf(clock)
    return { document: stored === null ? null : fittingDocument(key, stored, now), now }
  }

  /** Checks a document, unless it is one that fitted this key before and was frozen then. */
  function fittingDocument (key: string, stored: unknown, now: number): Document {
    const known = typeof stored === 'object' && stored !== null ? fitting.get(stored) : undefined
    if (known?.key === key) return known.document
    const document = check(key, stored, now)
    if (isFrozenDocument(document)) fitting.set(document, { key, document })
    return document
  }

  /** Checks a document and freezes it, so that a store that keeps the object itself gives back what fits. */
  function frozenFitting (key: string, next: Document, now: number): Document {
    const document = freezeDocument(check(key, next, now))
    fitting.set(document, { key, document })
    return document
  }

  /** False when another write came between. */
  async function replace (
    key: string, { document, now }: Read<Document>, next: Document | null, deadline: Deadline
  ): Promise<boolean> {
    const revised = next === null || document === null ? next : { ...next, revision: document.revision + 1 }
    // Checked, because a document that can't be read again would take away everything that is there.
    const written = revised === null ? null : frozenFitting(key, revised, now)
    let won: unknown
    try {
      won = await deadline.wait(store.replace(key, document?.revision ?? null, written))
    } catch (error) {
      throw new StoreError(error)
    }
    if (typeof won !== 'boolean') throw new StoreError(new Error('replace resolved neither true nor false'))
    return won
  }
}
