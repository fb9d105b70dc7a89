import { atOnce } from '../../at-once.js'
import { jitter } from '../../back-off.js'
import { deadlineIn, type Deadline } from '../../deadline.js'
import { StoreError } from '../../errors.js'
import { documentsIn, type Change, type Documents } from '../../stores/documents.js'
import {
  entitiesOf, entityKey, serviceKey, verifyDocumentOf, type EntityDocument, type ServiceDocument,
  type VerifyDocument
} from './documents.js'
import { living } from './expiry.js'
import type { VerifyApiSettings } from '../options.js'
import { NotFound } from '../wire/refusal.js'

/** Keys that are asked of the store at once. */
const KEYS = 1000
/** Entities that are removed at once. */
const REMOVALS = 8

/** The documents of the stand-in. Null stands for one that isn't there. */
export interface Records {
  /** Throws `NotFound` when there is none. */
  service (sid: string): Promise<ServiceDocument>
  changeService<T> (sid: string, decide: Decide<ServiceDocument, T>): Promise<T>
  /** What is still alive of an entity. Throws `NotFound` when there is none. */
  entity (serviceSid: string, identity: string): Promise<EntityRead>
  changeEntity<T> (serviceSid: string, identity: string, decide: Decide<EntityDocument, T>): Promise<T>
  /**
   * Removes every entity of a service, however long it takes. What fails is thrown at last, and keeps none of
   * the others, unless the store itself seems to have failed.
   */
  removeEntities (serviceSid: string): Promise<void>
  /** The keys with a beginning that come after one of them, in the order of the store. */
  keys (prefix: string, after?: string): AsyncGenerator<string, void>
}

/** Decides on a document as it is at `now`, and anew whenever another write came between. */
export type Decide<Document, T> = (document: Document | null, now: number) => Change<Document, T>

/** An entity and the time at which it was read. */
export interface EntityRead {
  readonly entity: EntityDocument
  readonly now: number
}

/** Reads and changes the documents in a store; all of one request have to be there by one deadline. */
export function recordsIn ({ store, clock, timeout }: VerifyApiSettings): () => Records {
  const documents = documentsIn<VerifyDocument>({
    store, check, clock, timeout, backOff: jitter
  })
  return () => recordsBy(deadlineIn(timeout), documents, store, timeout)
}

function recordsBy (
  deadline: Deadline, documents: Documents<VerifyDocument>, store: VerifyApiSettings['store'], timeout: number
): Records {
  return {
    async service (sid) {
      const { document } = await documents.read(serviceKey(sid), deadline)
      return found(asService(document))
    },

    async changeService (sid, decide) {
      return await documents.change(serviceKey(sid), (document, now) =>
        decide(asService(document), now), deadline)
    },

    async entity (serviceSid, identity) {
      const { document, now } = await documents.read(entityKey(serviceSid, identity), deadline)
      return { entity: found(asEntity(document, now)), now }
    },

    async changeEntity (serviceSid, identity, decide) {
      return await documents.change(entityKey(serviceSid, identity), (document, now) =>
        decide(asEntity(document, now), now), deadline)
    },

    async removeEntities (serviceSid) {
      const failures: unknown[] = []
      const keys = keysIn(store, entitiesOf(serviceSid), undefined, () => deadlineIn(timeout))
      const removals = atOnce(REMOVALS, keys, async key =>
        await documents.change(key, () => ({ next: null, answer: null })).catch((error: unknown) => error))
      for await (const failure of removals) {
        if (failure !== null) failures.push(failure)
        if (failures.length === REMOVALS) break
      }
      if (failures.length > 0) throw failures[0]
    },

    keys: (prefix, after) => keysIn(store, prefix, after, () => deadline)
  }
}

async function * keysIn (
  store: VerifyApiSettings['store'], prefix: string, after: string | undefined, deadline: () => Deadline
): AsyncGenerator<string, void> {
  for (let last = after; ;) {
    const keys = await listed(store, last, deadline())
    yield * keys.filter(key => key.startsWith(prefix))
    if (keys.length < KEYS) return
    last = keys.at(-1)
  }
}

async function listed (
  store: VerifyApiSettings['store'], after: string | undefined, deadline: Deadline
): Promise<string[]> {
  try {
    return keysBehind(after, await deadline.race(() => store.list(after, KEYS)))
  } catch (error) {
    throw new StoreError(error)
  }
}

/** A list that doesn't get on would never end. */
function keysBehind (after: string | undefined, keys: unknown): string[] {
  if (!Array.isArray(keys) || !keys.every(key => typeof key === 'string') || keys.at(-1) === (after ?? null)) {
    throw new Error('list resolved no keys behind the one that was given')
  }
  return keys
}

/** What is there. Throws `NotFound` for null. */
export function found<T> (there: T | null | undefined): T {
  if (there === null || there === undefined) throw new NotFound()
  return there
}

function check (key: string, stored: unknown): VerifyDocument {
  try {
    return verifyDocumentOf(key, stored)
  } catch (error) {
    throw new StoreError(error)
  }
}

function asService (document: VerifyDocument | null): ServiceDocument | null {
  return document?.kind === 'service' ? document : null
}

function asEntity (document: VerifyDocument | null, now: number): EntityDocument | null {
  return document?.kind === 'entity' ? living(document, now) : null
}
