import { jitter } from '../back-off.js'
import { systemClock } from '../clock.js'
import { entityOf, UnfitError, type Entity } from '../entity/entity.js'
import { isIdentity } from '../entity/identity.js'
import { ConflictError, InvalidOptionError, StoreError } from '../errors.js'
import { must } from '../options.js'
import { UnsealableError } from '../seal.js'
import { documentsIn, type Documents } from '../stores/documents.js'
import { identityIn, keyOf } from '../stores/entities.js'
import { NO_DOCUMENT, type EntityStore } from '../stores/store.js'

/** Options of what is done to a whole store, while others use it. */
export interface StoreOptions {
  /** Keeps the entities. */
  readonly store: EntityStore
  /** Seconds that a read, or a change, may wait for the store, 1 to 60; a list has no limit. @default 5 */
  readonly timeout?: number
}

/** Options of what goes through all identities, which takes a store with `list`. */
export interface ScanOptions extends StoreOptions {
  /** Goes on behind this identity, the last one of which there was an answer. @default from the beginning */
  readonly after?: string
}

/** Documents that are read or changed at once: fewer than a usual pool has connections. */
export const AT_ONCE = 8
/**
 * Keys that are listed in one go: many, because some stores go through all of theirs for any number, and not
 * more than a client's timeout allows.
 */
const PAGE = 20_000

/** An identity whose document can't be used, and was left as it is. */
export interface RefusedIdentity {
  readonly identity: string
  readonly status: 'refused'
  /** What is wrong with it, without quoting it. */
  readonly reason: string
}

/** The entities of a store, each checked when it is read and before it is written. */
export function entitiesOf ({ store, timeout = 5 }: StoreOptions): Documents<Entity> {
  must('timeout', timeout >= 1 && timeout <= 60, 'must be 1 to 60 seconds')
  return documentsIn<Entity>({ store, check, clock: systemClock, timeout, backOff: jitter })
}

/** What is an entity of this identity. Throws for all else, so that `orRefused` knows why. */
export function checkedEntity (identity: unknown, stored: unknown): Entity {
  if (typeof identity !== 'string' || !isIdentity(identity)) throw new UnfitError('this is no identity')
  return entityOf(identity, stored)
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
 * What `work` gives, or why this identity can't be worked on. Any other error is thrown on, because it is
 * about the store, and not about one document.
 */
export async function orRefused<T> (
  identity: string, work: () => Promise<T>
): Promise<T | RefusedIdentity> {
  try {
    return await work()
  } catch (error) {
    return { identity, status: 'refused', reason: reasonOf(error) }
  }
}

function reasonOf (error: unknown): string {
  if (error instanceof UnfitError || error instanceof UnsealableError) return error.message
  if (error instanceof ConflictError) return 'it changes all the time: repeat'
  if (isNoDocument(error)) return 'what is kept is no document'
  throw error
}

function isNoDocument (error: unknown): boolean {
  return error instanceof StoreError && error.cause instanceof Error &&
    'code' in error.cause && error.cause.code === NO_DOCUMENT
}

function check (key: string, stored: unknown): Entity {
  return checkedEntity(identityIn(key), stored)
}

async function * pagesOf ({ store, after }: ScanOptions): AsyncGenerator<string[], void, undefined> {
  let last = after === undefined ? undefined : keyOf(after)
  for (;;) {
    const keys = await listed(store, last)
    // Not at a page that isn't full: databases may give less than they were asked for.
    if (keys.length === 0) return
    yield keys.map(identityIn).filter(identity => identity !== null)
    last = keys.at(-1)
  }
}

async function listed (store: EntityStore, after: string | undefined): Promise<string[]> {
  if (store.list === undefined) throw new InvalidOptionError('store', 'must have "list" for this')
  try {
    const keys: unknown = await store.list(after, PAGE)
    if (!areKeys(keys)) throw new Error('list gives what is no list of keys')
    if (after !== undefined && keys.includes(after)) throw new Error('list gives the key that it is to go on behind')
    return keys
  } catch (error) {
    throw new StoreError(error)
  }
}

function areKeys (listed: unknown): listed is string[] {
  return Array.isArray(listed) && listed.every(key => typeof key === 'string')
}
