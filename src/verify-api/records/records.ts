import { inBatches } from '../../in-batches.js'
import { jitter } from '../../time/back-off.js'
import type { Clock } from '../../time/clock.js'
import { deadlineIn, type Deadline } from '../../time/deadline.js'
import { StoreError } from '../../errors.js'
import { documentsIn, type Change, type Documents } from '../../documents/documents.js'
import type { Store } from '../../documents/store.js'
import { NotFound } from '../wire/refusal.js'
import {
  checkedDocument, entityKey, entityKeyPrefix, serviceKey, type EntityDocument, type ServiceDocument,
  type VerifyDocument
} from './documents.js'
import { withoutExpired } from './expiry.js'

/** Keys that the store lists at a time. */
const KEYS_PER_LIST = 1000
/** Entities that are deleted at the same time. */
const PARALLEL_DELETIONS = 8

type ListableStore = Required<Store<VerifyDocument>>

/** Options of `recordsIn`. */
export interface RecordsOptions {
  readonly store: ListableStore
  readonly clock: Clock
  /** Seconds after which a request stops waiting for the store. */
  readonly timeout: number
}

/** The services and entities in a store. */
export interface Records {
  /** Throws `NotFound` if the service doesn't exist. */
  readService (sid: string): Promise<ServiceDocument>
  changeService<T> (sid: string, decide: Decide<ServiceDocument, T>): Promise<T>
  /** Reads an entity, without its expired factors. Throws `NotFound` if it doesn't exist. */
  readEntity (serviceSid: string, identity: string): Promise<EntityRead>
  changeEntity<T> (serviceSid: string, identity: string, decide: Decide<EntityDocument, T>): Promise<T>
  /**
   * Deletes all entities of a service, however long it takes. A failed deletion doesn't stop the others,
   * unless so many fail that the store must be down. The first failure is thrown at the end.
   */
  deleteEntities (serviceSid: string): Promise<void>
  /** The keys with a prefix, after `after` if it is given, in the order of the store. */
  listKeys (prefix: string, after?: string): AsyncGenerator<string, void>
}

/** Decides on the document as it is at `now`, null if it doesn't exist; again after a lost race. */
export type Decide<Document, T> = (document: Document | null, now: number) => Change<Document, T>

/** An entity and the time at which it was read. */
export interface EntityRead {
  readonly entity: EntityDocument
  readonly now: number
}

/** Returns a function that opens the records for one request, whose reads and writes share one deadline. */
export function recordsIn ({ store, clock, timeout }: RecordsOptions): () => Records {
  const documents = documentsIn<VerifyDocument>({
    store, check, clock, timeout, backOff: jitter
  })
  return () => recordsBy(deadlineIn(timeout), documents, store, timeout)
}

function recordsBy (
  deadline: Deadline, documents: Documents<VerifyDocument>, store: ListableStore, timeout: number
): Records {
  return {
    async readService (sid) {
      const { document } = await documents.read(serviceKey(sid), deadline)
      return orNotFound(asService(document))
    },

    async changeService (sid, decide) {
      return await documents.change(serviceKey(sid), (document, now) =>
        decide(asService(document), now), { deadline })
    },

    async readEntity (serviceSid, identity) {
      const { document, now } = await documents.read(entityKey(serviceSid, identity), deadline)
      return { entity: orNotFound(asEntity(document, now)), now }
    },

    async changeEntity (serviceSid, identity, decide) {
      return await documents.change(entityKey(serviceSid, identity), (document, now) =>
        decide(asEntity(document, now), now), { deadline })
    },

    async deleteEntities (serviceSid) {
      const failures: unknown[] = []
      const keys = keysIn(store, entityKeyPrefix(serviceSid), undefined, () => deadlineIn(timeout))
      const deletions = inBatches(PARALLEL_DELETIONS, keys, async key =>
        await documents.change(key, () => ({ next: null, answer: null })).catch((error: unknown) => error))
      for await (const failure of deletions) {
        if (failure !== null) failures.push(failure)
        if (failures.length === PARALLEL_DELETIONS) break
      }
      if (failures.length > 0) throw failures[0]
    },

    listKeys: (prefix, after) => keysIn(store, prefix, after, () => deadline)
  }
}

async function * keysIn (
  store: ListableStore, prefix: string, after: string | undefined, deadline: () => Deadline
): AsyncGenerator<string, void> {
  for (let last = after; ;) {
    const keys = await listKeys(store, last, deadline())
    yield * keys.filter(key => key.startsWith(prefix))
    if (keys.length < KEYS_PER_LIST) return
    last = keys.at(-1)
  }
}

async function listKeys (
  store: ListableStore, after: string | undefined, deadline: Deadline
): Promise<string[]> {
  try {
    return checkedKeys(after, await deadline.call(() => store.list(after, KEYS_PER_LIST)))
  } catch (error) {
    throw new StoreError(error)
  }
}

/** Rejects a list that repeats the key it was to continue after: we would ask for it forever. */
function checkedKeys (after: string | undefined, keys: unknown): string[] {
  const areKeys = Array.isArray(keys) && keys.every(key => typeof key === 'string')
  if (!areKeys || keys.at(-1) === (after ?? null)) {
    throw new Error('"list" did not resolve to the keys after the given one')
  }
  return keys
}

/** The value. Throws `NotFound` if there is none. */
export function orNotFound<T> (value: T | null | undefined): T {
  if (value === null || value === undefined) throw new NotFound()
  return value
}

function check (key: string, stored: unknown): VerifyDocument {
  try {
    return checkedDocument(key, stored)
  } catch (error) {
    throw new StoreError(error)
  }
}

function asService (document: VerifyDocument | null): ServiceDocument | null {
  return document?.kind === 'service' ? document : null
}

function asEntity (document: VerifyDocument | null, now: number): EntityDocument | null {
  return document?.kind === 'entity' ? withoutExpired(document, now) : null
}
