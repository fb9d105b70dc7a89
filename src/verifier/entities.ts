import { documentsIn, type DocumentsOptions, type Read } from '../documents/documents.js'
import { entityOf, type Entity } from '../entity/entity.js'
import { StoreError, type TotpError } from '../errors.js'
import type { TotpEvent } from '../events.js'
import { hasOwn } from '../own-property.js'
import { UnsealableError } from '../seal.js'

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

/** An event without its identity and time, which are those of the decision. */
export type EventDraft = Pick<TotpEvent, 'type' | 'factorSid'>

/** Decides on an entity as it is at `now`; null when nothing is kept about the identity. */
export type Decide<T> = (entity: Entity | null, now: number) => Decision<T>

/** The entities in a store: checked when they are read, changed only by compare-and-set. */
export interface Entities {
  read (identity: string): Promise<Read<Entity>>
  /** Decides on the entity that is there now, and again whenever another write came between. */
  change<T> (identity: string, decide: Decide<T>): Promise<T>
}

/** Options of `entitiesIn`. */
export interface EntitiesOptions extends Omit<DocumentsOptions<Entity>, 'check'> {
  readonly emit: (event: TotpEvent) => void
}

/** Keys begin with the namespace of their document, so no identity can name a document of another kind. */
const NAMESPACE = 'identity:'

/** Reads and changes the entities in a store. */
export function entitiesIn ({ emit, ...options }: EntitiesOptions): Entities {
  const documents = documentsIn<Entity>({ ...options, check })

  return {
    read: identity => documents.read(keyOf(identity)),

    async change (identity, decide) {
      const { decision, at } = await documents.change(keyOf(identity), (entity, now) => {
        const decision = decideOrRefuse(identity, entity, now, decide)
        return { next: decision.next, answer: { decision, at: now } }
      })
      for (const event of decision.events ?? []) emit({ ...event, identity, at })
      return answerOrThrow(decision)
    }
  }

  function check (key: string, stored: unknown, now: number): Entity {
    const identity = key.slice(NAMESPACE.length)
    try {
      return entityOf(identity, stored)
    } catch (error) {
      throw unreadable(identity, now, error)
    }
  }

  /** A secret doesn't open when its document was tampered with, or when its key is missing. */
  function decideOrRefuse<T> (
    identity: string, entity: Entity | null, now: number, decide: Decide<T>
  ): Decision<T> {
    try {
      return decide(entity, now)
    } catch (error) {
      throw error instanceof UnsealableError ? unreadable(identity, now, error) : error
    }
  }

  function unreadable (identity: string, at: number, cause: unknown): StoreError {
    emit({ type: 'document.refused', identity, factorSid: null, at })
    return new StoreError(cause)
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

function answerOrThrow<T> (decision: Decision<T>): T {
  if (hasOwn(decision, 'refusal')) throw decision.refusal
  return decision.answer
}
