import { entityOf, type Entity } from '../entity/entity.js'
import { StoreError, TotpError } from '../errors.js'
import type { TotpEvent } from '../events.js'
import { UnsealableError } from '../seal.js'
import { documentsIn, type Change, type DocumentsOptions, type Read } from '../documents/documents.js'

/**
 * What a use case decided on an entity. It throws to refuse without writing. What it returns is carried out,
 * `next` is written first, and only if that won is the answer given: returned, or thrown when it is a
 * refusal.
 */
export interface Decision<T> extends Change<Entity, T | TotpError> {
  /** What happened, told once it is written. */
  readonly events?: readonly Happening[]
}

/** An event without what is known anyway: whose it is, and when. */
export type Happening = Pick<TotpEvent, 'type' | 'factorSid'>

/** Decides on an entity as it is at `now`; null stands for an identity of which nothing is kept. */
export type Decide<T> = (entity: Entity | null, now: number) => Decision<T>

/** The entities in a store: checked when they are read, changed by compare-and-set alone. */
export interface Entities {
  read (identity: string): Promise<Read<Entity>>
  /** Decides on what is there now, and again whenever another write came between. */
  change<T> (identity: string, decide: Decide<T>): Promise<T>
}

/** Options of `entitiesIn`. */
export interface EntitiesOptions extends Omit<DocumentsOptions<Entity>, 'check'> {
  readonly emit: (event: TotpEvent) => void
}

/** Keys begin with the door that a document belongs to, so that no identity can name one of another. */
const DOOR = 'identity:'

/** Reads and changes the entities in a store. */
export function entitiesIn ({ emit, ...options }: EntitiesOptions): Entities {
  const documents = documentsIn<Entity>({ ...options, check })

  return {
    read: identity => documents.read(keyOf(identity)),

    async change (identity, decide) {
      const { answer, events, at } = await documents.change(keyOf(identity), (entity, now) => {
        const { next, answer, events = [] } = decided(identity, entity, now, decide)
        return { next, answer: { answer, events, at: now } }
      })
      for (const event of events) emit({ ...event, identity, at })
      return given(answer)
    }
  }

  function check (key: string, stored: unknown, now: number): Entity {
    const identity = key.slice(DOOR.length)
    try {
      return entityOf(identity, stored)
    } catch (error) {
      throw refused(identity, now, error)
    }
  }

  /** A secret that doesn't open is a document that was touched, or sealed under a key that is missing. */
  function decided<T> (identity: string, entity: Entity | null, now: number, decide: Decide<T>): Decision<T> {
    try {
      return decide(entity, now)
    } catch (error) {
      throw error instanceof UnsealableError ? refused(identity, now, error) : error
    }
  }

  function refused (identity: string, at: number, cause: unknown): StoreError {
    emit({ type: 'document.refused', identity, factorSid: null, at })
    return new StoreError(cause)
  }
}

/** The key under which an identity's entity is kept. */
export function keyOf (identity: string): string {
  return DOOR + identity
}

/** Whose entity is kept under this key; null when it is of another door. */
export function identityIn (key: string): string | null {
  return key.startsWith(DOOR) ? key.slice(DOOR.length) : null
}

function given<T> (answer: T | TotpError): T {
  if (answer instanceof TotpError) throw answer
  return answer
}
