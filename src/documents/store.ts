import type { Entity } from '../entity/entity.js'

/** The `code` of an error about one key: the value kept under it is not a document. Other keys are fine. */
export const NO_DOCUMENT = 'ERR_NO_DOCUMENT'

/** Keeps versioned JSON documents under keys, whatever their content. */
export interface Store<Document extends { readonly revision: number }> {
  /**
   * Resolves the document of this key, or null when there is none. Strongly consistent: once a `replace` has
   * resolved, every later `get` on every instance returns its document. Rejects when the store failed, and
   * never resolves null in that case.
   */
  get (key: string): Promise<Document | null>

  /**
   * Replaces the document of revision `expected` by `next`, atomically and durably. Null stands for absence:
   * `expected` null creates, `next` null deletes. Resolves true when that happened, and false when another
   * revision is stored and nothing changed. Rejects when the store failed. Each call must commit by itself:
   * if a client in an open transaction rolls back, a used code works again.
   */
  replace (key: string, expected: number | null, next: Document | null): Promise<boolean>

  /**
   * Optional, for reports, key rotation and migration. Resolves up to `limit` keys in a fixed order, from the
   * first one after the key `after`; undefined begins at the first key. Fewer than `limit` are the last ones.
   */
  list? (after: string | undefined, limit: number): Promise<string[]>
}

/** A store for entities; see `memoryStore`, `postgresStore` and `redisStore`, or bring your own. */
export type EntityStore = Store<Entity>
