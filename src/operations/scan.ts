import { jitter } from '../time/back-off.js'
import { systemClock } from '../time/clock.js'
import { entityOf, UnfitError, type Entity } from '../entity/entity.js'
import { isIdentity } from '../entity/identity.js'
import { ConflictError, InvalidOptionError, refuseHookCall, StoreError } from '../errors.js'
import { areKeys, must } from '../option-checks.js'
import { ownValue } from '../own-property.js'
import { resealed } from '../providers/resealed.js'
import { createKeyring, UnsealableError, type Keyring } from '../seal.js'
import { documentsIn, type Documents } from '../documents/documents.js'
import { identityIn, keyOf } from '../verifier/entities.js'
import { NO_DOCUMENT, type EntityStore } from '../documents/store.js'

/** Options of operations on a whole store, which servers can use at the same time. */
export interface StoreOptions {
  /** Keeps the entities. */
  readonly store: EntityStore
  /**
   * Seconds after which a read or a change stops waiting for the store, 1 to 60; listing has no limit.
   * @default 5
   */
  readonly timeout?: number
}

/** Options of operations on all identities, which need a store with `list`. */
export interface ScanOptions extends StoreOptions {
  /**
   * Continues after this identity, the last one that an interrupted run yielded. @default from the beginning
   */
  readonly after?: string
}

/** Documents that are read or changed at the same time: fewer than a usual pool has connections. */
export const BATCH_SIZE = 8
/**
 * Keys that the store lists at a time. Some stores go through all their keys for each list, so there should
 * be few lists, but each must answer before a client times out.
 */
const KEYS_PER_LIST = 20_000

/** An identity whose document can't be used and was left unchanged. */
export interface RefusedIdentity {
  readonly identity: string
  readonly status: 'refused'
  /** What is wrong with the document, without quoting it. */
  readonly reason: string
}

/** The entities in a store, checked whenever they are read or written. */
export function entitiesIn ({ store, timeout = 5 }: StoreOptions): Documents<Entity> {
  must('timeout', timeout >= 1 && timeout <= 60, 'must be 1 to 60 seconds')
  return documentsIn<Entity>({ store, check, clock: systemClock, timeout, backOff: jitter })
}

/** An operation that refuses to be a hook. */
export function operation<Options, T> (
  run: (options: Options) => AsyncGenerator<T, void, undefined>
): (options: Options) => AsyncGenerator<T, void, undefined> {
  return (options, ...misused: unknown[]) => {
    refuseHookCall(misused)
    return run(options)
  }
}

/** The keyring of the option `keys`. Throws `InvalidOptionError` if they aren't keys. */
export function keyringOf (keys: readonly Uint8Array[]): Keyring {
  must('keys', areKeys(keys), 'must be one or more different keys of 32 bytes each')
  return createKeyring(keys)
}

/**
 * Throws an error that `orRefused` can explain if the keys don't open everything: the entity was made under
 * another key, for another identity, or was tampered with. Every code would be answered with 503.
 */
export function requireOpened (keyring: Keyring, entity: Entity): void {
  resealed(keyring, entity)
}

/** Checks that a stored value is the entity of an identity. Throws an error that `orRefused` can explain. */
export function checkedEntity (identity: unknown, stored: unknown): Entity {
  if (typeof identity !== 'string' || !isIdentity(identity)) throw new UnfitError('this is not an identity')
  return entityOf(identity, stored)
}

/** Lists all identities that have a document, in the order of the store. */
export async function * listIdentities (options: ScanOptions): AsyncGenerator<string, void, undefined> {
  for await (const page of listPages(options)) yield * page
}

/** Counts the identities, for example for a progress bar. */
export async function countIdentities (options: ScanOptions): Promise<number> {
  let count = 0
  for await (const page of listPages(options)) count += page.length
  return count
}

/**
 * Awaits `work` on one identity. If it fails because of the document, the identity is refused. Any other
 * error is rethrown, because the store failed.
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
  if (error instanceof ConflictError) return 'other writes kept changing it: repeat the operation'
  if (isNoDocument(error)) return 'the stored value is not a document'
  throw error
}

function isNoDocument (error: unknown): boolean {
  return error instanceof StoreError && error.cause instanceof Error &&
    ownValue(error.cause, 'code') === NO_DOCUMENT
}

function check (key: string, stored: unknown): Entity {
  return checkedEntity(identityIn(key), stored)
}

async function * listPages ({ store, after }: ScanOptions): AsyncGenerator<string[], void, undefined> {
  let last = after === undefined ? undefined : keyOf(after)
  for (;;) {
    const keys = await listKeys(store, last)
    // A short list isn't the last one: databases may return fewer keys than we asked for.
    if (keys.length === 0) return
    yield keys.map(identityIn).filter(identity => identity !== null)
    last = keys.at(-1)
  }
}

async function listKeys (store: EntityStore, after: string | undefined): Promise<string[]> {
  if (store.list === undefined) throw new InvalidOptionError('store', 'must have a method "list" for this operation')
  try {
    const keys: unknown = await store.list(after, KEYS_PER_LIST)
    if (!areTexts(keys)) throw new Error('"list" did not resolve to a list of keys')
    if (after !== undefined && keys.includes(after)) {
      throw new Error('"list" repeated the key that it was to continue after')
    }
    return keys
  } catch (error) {
    throw new StoreError(error)
  }
}

function areTexts (listed: unknown): listed is string[] {
  return Array.isArray(listed) && listed.every(key => typeof key === 'string')
}
