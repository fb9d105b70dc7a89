import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import {
  memoryStore, type Entity, type EntityStore, type FastifyTotpOptions, type LoginSession
} from '../../../dist/index.js'
import { createKeyring, type Keyring } from '../../../dist/seal.js'
import { keyOf } from './entity-key.js'
import { actOnAll } from './in-flight.js'
import { lifeOf, repeat } from './life.js'
import { enrollAndApprove, handClock, SECRET, serverOver, STEP, type HandClock } from './population.js'

/** Users who all lived the same life, so copies of one document fill a store with any number of them. */
export interface Crowd {
  readonly identities: readonly string[]
  readonly clock: HandClock
  /** Every user's; it is approved until the clock moves. */
  readonly session: LoginSession
  /** The document that the plugin would have made for this user. */
  documentOf (identity: string): Entity
  /** A server for this crowd. */
  serve (store: EntityStore): Promise<FastifyInstance>
}

/** Approvals end before the next time step: everybody logs in again, and no document grows. */
const MAX_AGE = STEP - 1
const FIRST = 'first'
/** Challenges of a login that leave all the former marks that a document keeps of one session. */
const CHALLENGES = 9

/** A crowd of this size. Each user has a factor and an approved session. */
export async function crowdOf (size: number): Promise<Crowd> {
  return await copiesOf(size, { maxAge: MAX_AGE }, 0)
}

/** A crowd whose users log in this many times before, so their documents are larger. */
export async function crowdWithLogins (size: number, logins: number): Promise<Crowd> {
  return await copiesOf(size, {}, logins)
}

/** Puts the documents of the whole crowd into a store. */
export async function fill (store: EntityStore, { identities, documentOf }: Crowd): Promise<void> {
  await actOnAll(identities, async identity =>
    await store.replace(keyOf(identity), null, documentOf(identity)))
}

async function copiesOf (
  size: number, options: Partial<FastifyTotpOptions>, logins: number
): Promise<Crowd> {
  const clock = handClock()
  const keys = [randomBytes(32)]
  const serve = async (store: EntityStore) => await serverOver(store, clock, { keys, ...options })
  const store = memoryStore()
  const app = await serve(store)
  const enrolled = await enrollAndApprove(app, FIRST, clock)
  const life = lifeOf(FIRST, app, clock)
  const { session } = (await repeat(logins, async () => await life.logIn(CHALLENGES))).at(-1) ?? enrolled
  const first = await store.get(keyOf(FIRST))
  if (first === null) throw new Error('the first user has no document')
  const keyring = createKeyring(keys)
  return {
    identities: Array.from({ length: size }, (_, i) => `user-${i}`),
    clock,
    session,
    documentOf: identity => copyOf(first, identity, keyring),
    serve
  }
}

/** The same document for another identity, with seals of its own. */
function copyOf (document: Entity, identity: string, keyring: Keyring): Entity {
  const factors = document.factors.flatMap(factor => {
    const sealed = keyring.seal(SECRET, { identity, factorSid: factor.sid })
    return factor.provider === 'embedded' ? [{ ...factor, sealed }] : []
  })
  return { ...document, identity, factors }
}
