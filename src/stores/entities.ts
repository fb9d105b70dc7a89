import type { BackOff } from '../back-off.js'
import { secondsOf, type Clock } from '../clock.js'
import { deadlineIn, type Deadline } from '../deadline.js'
import { entityOf, type Entity } from '../entity/entity.js'
import { ConflictError, StoreError, TotpError } from '../errors.js'
import type { TotpEvent } from '../events.js'
import { UnsealableError } from '../seal.js'
import type { EntityStore } from './store.js'

/**
 * What a use case decided on an entity. It throws to refuse without writing. What it returns is carried out,
 * `next` is written first, and only if that won is the answer given: returned, or thrown when it is a
 * refusal.
 */
export interface Decision<T> {
  /** The entity from now on, null to delete it, absent to leave it as it is. */
  readonly next?: Entity | null
  /** What the caller learns. */
  readonly answer: T | TotpError
  /** What happened, told once it is written. */
  readonly events?: readonly Happening[]
}

/** An event without what is known anyway: whose it is, and when. */
export type Happening = Pick<TotpEvent, 'type' | 'factorSid'>

/** Decides on an entity as it is at `now`; null stands for an identity of which nothing is kept. */
export type Decide<T> = (entity: Entity | null, now: number) => Decision<T>

/** The entities in a store: checked when they are read, changed by compare-and-set alone. */
export interface Entities {
  read (identity: string): Promise<Read>
  /** Decides on what is there now, and again whenever another write came between. */
  change<T> (identity: string, decide: Decide<T>): Promise<T>
}

/** An entity and the time at which it was read. */
export interface Read {
  readonly entity: Entity | null
  readonly now: number
}

/** Options of `entitiesIn`. */
export interface EntitiesOptions {
  readonly store: EntityStore
  readonly clock: Clock
  /** Seconds that one use case may wait for the store. */
  readonly timeout: number
  /** Lost races after which a use case gives up. */
  readonly retries: number
  readonly backOff: BackOff
  readonly emit: (event: TotpEvent) => void
}

/** Reads and changes the entities in a store. */
export function entitiesIn ({ store, clock, timeout, retries, backOff, emit }: EntitiesOptions): Entities {
  return {
    async read (identity) {
      return await read(identity, deadlineIn(timeout))
    },

    async change (identity, decide) {
      const deadline = deadlineIn(timeout)
      for (let lost = 0; lost <= retries; lost++) {
        const { entity, now } = await read(identity, deadline)
        const { next, answer, events = [] } = decided(identity, entity, now, decide)
        if (next === undefined || await replace(identity, entity, next, deadline)) {
          for (const event of events) emit({ ...event, identity, at: now })
          return given(answer)
        }
        await backOff(lost + 1)
      }
      throw new ConflictError()
    }
  }

  async function read (identity: string, deadline: Deadline): Promise<Read> {
    const stored: unknown = await ask(deadline, () => store.get(keyOf(identity)))
    const now = secondsOf(clock)
    if (stored === null) return { entity: null, now }
    try {
      return { entity: entityOf(identity, stored), now }
    } catch (error) {
      emit({ type: 'document.refused', identity, factorSid: null, at: now })
      throw new StoreError(error)
    }
  }

  /** A secret that doesn't open is a document that was touched, or sealed under a key that is missing. */
  function decided<T> (identity: string, entity: Entity | null, now: number, decide: Decide<T>): Decision<T> {
    try {
      return decide(entity, now)
    } catch (error) {
      if (!(error instanceof UnsealableError)) throw error
      emit({ type: 'document.refused', identity, factorSid: null, at: now })
      throw new StoreError(error)
    }
  }

  async function replace (
    identity: string, entity: Entity | null, next: Entity | null, deadline: Deadline
  ): Promise<boolean> {
    const revised = next === null || entity === null ? next : { ...next, revision: entity.revision + 1 }
    const expected = entity?.revision ?? null
    const won: unknown = await ask(deadline, () => store.replace(keyOf(identity), expected, revised))
    if (typeof won !== 'boolean') throw new StoreError(new Error('replace resolved neither true nor false'))
    return won
  }
}

/**
 * Keys begin with the door that the document belongs to, so that no identity can name a document of another.
 */
function keyOf (identity: string): string {
  return `identity:${identity}`
}

async function ask<T> (deadline: Deadline, call: () => Promise<T>): Promise<T> {
  try {
    return await deadline.race(async () => await call())
  } catch (error) {
    throw new StoreError(error)
  }
}

function given<T> (answer: T | TotpError): T {
  if (answer instanceof TotpError) throw answer
  return answer
}
