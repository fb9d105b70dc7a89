import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { memoryStore, type Entity, type EntityStore, type LoginSession } from '../../../dist/index.js'
import { createKeyring, type Keyring } from '../../../dist/seal.js'
import { keyOf } from '../../../dist/verifier/entities.js'
import { together } from './in-flight.js'
import { approved, handClock, SECRET, serverOver, STEP, type HandClock } from './population.js'

/** People who have all lived the same, so that a store can be filled with any number of them at once. */
export interface Crowd {
  readonly identities: readonly string[]
  readonly clock: HandClock
  /** Of each of them, and approved until the clock goes on. */
  readonly session: LoginSession
  /** A document as the plugin makes it. */
  documentOf (identity: string): Entity
  /** A server for them. */
  serve (store: EntityStore): Promise<FastifyInstance>
}

/** Approvals end before the next step: so everybody logs in anew, and no document grows. */
const MAX_AGE = STEP - 1
const FIRST = 'first'

/** So many people, each with a factor and an approved session. */
export async function crowdOf (size: number): Promise<Crowd> {
  const clock = handClock()
  const keys = [randomBytes(32)]
  const serve = async (store: EntityStore) => await serverOver(store, clock, { keys, maxAge: MAX_AGE })
  const store = memoryStore()
  const { session } = await approved(await serve(store), FIRST, clock)
  const first = await store.get(keyOf(FIRST))
  if (first === null) throw new Error('nobody was enrolled')
  const keyring = createKeyring(keys)
  return {
    identities: Array.from({ length: size }, (_, i) => `user-${i}`),
    clock,
    session,
    documentOf: identity => copyOf(first, identity, keyring),
    serve
  }
}

/** Puts everybody into a store. */
export async function fill (store: EntityStore, { identities, documentOf }: Crowd): Promise<void> {
  await together(identities, async identity =>
    await store.replace(keyOf(identity), null, documentOf(identity)))
}

/** The same document, as if somebody else had made it. */
function copyOf (document: Entity, identity: string, keyring: Keyring): Entity {
  const factors = document.factors.flatMap(factor => {
    const sealed = keyring.seal(SECRET, { identity, factorSid: factor.sid })
    return factor.provider === 'embedded' ? [{ ...factor, sealed }] : []
  })
  return { ...document, identity, factors }
}
