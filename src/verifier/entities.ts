import { documentsIn, type DocumentsOptions, type Read } from '../documents/documents.js'
import { entityOf, UnfitError, type Entity } from '../entity/entity.js'
import { aboutEntity, StoreError, type TotpError } from '../errors.js'
import type { Emit, TotpEvent } from '../events.js'
import { getOwn, hasOwn } from '../own-property.js'
import { UnsealableError } from '../seal.js'
import { secondsOf } from '../time/clock.js'
import { identityOf, sourceOf, type Caller, type Operator } from './caller.js'

/**
 * What a use case decided on an entity: an answer or a refusal, and the entity that is to be written before
 * the caller learns it. To refuse without writing, a use case throws.
 *
 * The entity is replaced by compare-and-set. If another write came between, the decision is discarded and
 * made again on the entity that is there now, so nothing in it may have been told to anyone before.
 */
export type Decision<T> = Answered<T> | Refused

/** `answer` is returned once `next` is written. */
export interface Answered<T> {
  /** The entity from now on; null deletes it. Absent where nothing is written. */
  readonly next?: Entity | null | undefined
  readonly answer: T
  /** Emitted once `next` is written. */
  readonly events?: readonly EventDraft[]
}

/** `refusal` is thrown once `next` is written. */
export interface Refused {
  /** The entity from now on; null deletes it. */
  readonly next: Entity | null
  readonly refusal: TotpError
  /** Emitted once `next` is written. */
  readonly events?: readonly EventDraft[]
}

/** An event without its identity, time and source, which are those of the decision. */
export type EventDraft = Pick<TotpEvent, 'type' | 'factorSid'> & Partial<Pick<TotpEvent, 'method' | 'by'>>

/** The entity that a decision writes, null to delete it; undefined where it writes none. */
export function nextOf<T> (decision: Decision<T>): Entity | null | undefined {
  return getOwn(decision, 'next')
}

function eventsOf<T> (decision: Decision<T>): readonly EventDraft[] {
  return getOwn(decision, 'events') ?? []
}

/** Decides on an entity as it is at `now`; null when nothing is kept about the identity. */
export type Decide<T> = (entity: Entity | null, now: number) => Decision<T>

/** The entities in a store: checked when they are read, changed only by compare-and-set. */
export interface Entities {
  /** Reads the caller's entity. */
  read (caller: Caller): Promise<Read<Entity>>
  /** Decides on the caller's entity as it is now, and again whenever another write came between. */
  change<T> (caller: Caller, decide: Decide<T>, urgency?: Urgency): Promise<T>
  /**
   * Does the same, even with an entity that is being moved: `move` alone may change that, and operators may
   * look at it.
   */
  changeClosed<T> (caller: Operator, decide: Decide<T>): Promise<T>
}

/**
 * How urgent a change is among those of one identity that wait for each other: the operator's first, then
 * codes, which the lock bounds. A flood of other requests, for which a password is enough, keeps neither
 * waiting.
 */
export type Urgency = 'operator' | 'code' | 'other'

const RANKS: Readonly<Record<Urgency, number>> = { operator: 0, code: 1, other: 2 }

/** Options of `entitiesIn`. */
export interface EntitiesOptions extends Omit<DocumentsOptions<Entity>, 'check'> {
  readonly emit: Emit
}

/** Keys begin with the namespace of their document, so no identity can name a document of another kind. */
const NAMESPACE = 'identity:'

/** Reads and changes the entities in a store. */
export function entitiesIn ({ emit, ...options }: EntitiesOptions): Entities {
  const documents = documentsIn<Entity>({ ...options, check })

  return {
    async read (caller) {
      try {
        const read = await documents.read(keyOf(identityOf(caller.identity)))
        requireOpen(read.document)
        return read
      } catch (error) {
        throw asRefusal(caller, error)
      }
    },

    async change (caller, decide, urgency = 'other') {
      return await change(caller, (entity, now) => {
        requireOpen(entity)
        return decide(entity, now)
      }, urgency)
    },

    changeClosed: async (caller, decide) => await change(caller, decide, 'operator')
  }

  async function change<T> (caller: Caller, decide: Decide<T>, urgency: Urgency): Promise<T> {
    const identity = identityOf(caller.identity)
    const changed = documents.change(keyOf(identity), (entity, now) => {
      const decision = decideOn(entity, now, decide)
      const next = nextOf(decision)
      const sid = (entity ?? next)?.sid ?? null
      return { next, answer: { decision, at: now, sid } }
    }, { rank: RANKS[urgency] })
    const { decision, at, sid } = await changed.catch(error => { throw asRefusal(caller, error) })
    const source = sourceOf(caller)
    for (const event of eventsOf(decision)) {
      emit({ method: null, by: null, ...event, identity, at, ...source }, sid)
    }
    return answerOrThrow(decision, sid)
  }

  /** Refuses a document that doesn't fit, and one whose secret doesn't open: its key may be missing. */
  function asRefusal (caller: Caller, error: unknown): unknown {
    if (!(error instanceof UnfitError || error instanceof UnsealableError)) return error
    const { identity } = caller
    const at = secondsOf(options.clock)
    emit({ type: 'document.refused', identity, factorSid: null, method: null, by: null, at, ...sourceOf(caller) }, null)
    return new StoreError(error)
  }
}

function check (key: string, stored: unknown): Entity {
  return entityOf(key.slice(NAMESPACE.length), stored)
}

/** While an entity is being moved, its codes must not work here: they are about to work elsewhere. */
export function requireOpen (entity: Entity | null): void {
  if (entity === null || entity.movingTo === null) return
  throw new StoreError(new Error('a move of this identity was interrupted: call app.totp.move again'))
}

function decideOn<T> (entity: Entity | null, now: number, decide: Decide<T>): Decision<T> {
  try {
    return decide(entity, now)
  } catch (error) {
    throw aboutEntity(error, entity?.sid ?? null)
  }
}

/** The key under which an identity's entity is kept. */
export function keyOf (identity: string): string {
  return NAMESPACE + identity
}

/** The identity whose entity is kept under this key; null when the key is in another namespace. */
export function identityIn (key: string): string | null {
  return key.startsWith(NAMESPACE) ? key.slice(NAMESPACE.length) : null
}

function answerOrThrow<T> (decision: Decision<T>, sid: string | null): T {
  if (hasOwn(decision, 'refusal')) throw aboutEntity(decision.refusal, sid)
  return decision.answer
}
