import { jitter } from '../back-off.js'
import { systemClock } from '../clock.js'
import { entityOf, type Entity } from '../entity/entity.js'
import { isIdentity } from '../entity/identity.js'
import { InvalidOptionError, StoreError } from '../errors.js'
import { UnsealableError } from '../seal.js'
import { documentsIn, type Documents } from '../stores/documents.js'
import { identityIn, keyOf } from '../stores/entities.js'
import type { EntityStore } from '../stores/store.js'

/** Options of what is done to a whole store, while others use it. */
export interface StoreOptions {
  /** Keeps the entities. */
  readonly store: EntityStore
  /** Seconds that one read, or one change, may wait for the store; a list has no limit. @default 5 */
  readonly timeout?: number
}

/** Options of what goes through all identities, which takes a store with `list`. */
export interface ScanOptions extends StoreOptions {
  /** Goes on behind this identity, the last one of which there was an answer. @default from the beginning */
  readonly after?: string
}

/** Documents that are read or changed at once: fewer than a usual pool has connections. */
export const AT_ONCE = 8
/** Keys that are listed in one go: some stores go through all of theirs for any number. */
const PAGE = 10_000
/** Lost races after which a change gives up; no user is waiting. */
const RETRIES = 50

/** What is kept is no entity of its key; the message names the place, and quotes nothing. */
class UnfitError extends Error {}

/** The entities of a store, each checked when it is read and before it is written. */
export function entitiesOf ({ store, timeout = 5 }: StoreOptions): Documents<Entity> {
  return documentsIn<Entity>({ store, check, clock: systemClock, timeout, retries: RETRIES, backOff: jitter })
}

/** What is an entity of this identity. Throws for all else, so that `reasonOf` knows why. */
export function checkedEntity (identity: unknown, stored: unknown): Entity {
  if (typeof identity !== 'string' || !isIdentity(identity)) throw new UnfitError('this is no identity')
  try {
    return entityOf(identity, stored)
  } catch (error) {
    throw new UnfitError(error instanceof Error ? error.message : undefined)
  }
}

/** All identities of which something is kept, in the order of the store's list. */
export async function * identitiesIn (options: ScanOptions): AsyncGenerator<string, void, undefined> {
  for await (const page of pagesOf(options)) yield * page
}

/** How many identities there are, for those who like to see how far it is. */
export async function countIdentities (options: ScanOptions): Promise<number> {
  let count = 0
  for await (const page of pagesOf(options)) count += page.length
  return count
}

/**
 * Why what is kept can't be used. Any other error is thrown on, because it is about the store and not about
 * one document.
 */
export function reasonOf (error: unknown): string {
  if (error instanceof UnfitError || error instanceof UnsealableError) return error.message
  throw error
}

function check (key: string, stored: unknown): Entity {
  return checkedEntity(identityIn(key), stored)
}

async function * pagesOf ({ store, after }: ScanOptions): AsyncGenerator<string[], void, undefined> {
  let last = after === undefined ? undefined : keyOf(after)
  for (;;) {
    const keys = await listed(store, last)
    yield keys.map(identityIn).filter(identity => identity !== null)
    if (keys.length < PAGE) return
    last = keys.at(-1)
  }
}

async function listed (store: EntityStore, after: string | undefined): Promise<string[]> {
  if (store.list === undefined) throw new InvalidOptionError('store', 'must have "list" for this')
  try {
    const keys = await store.list(after, PAGE)
    if (after !== undefined && keys.includes(after)) throw new Error('list gives the key that it is to go on behind')
    return keys
  } catch (error) {
    throw new StoreError(error)
  }
}
