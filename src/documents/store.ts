import type { Entity } from '../entity/entity.js'

/** The `code` of an error that says: what is kept under this key is no document, others are. */
export const NO_DOCUMENT = 'ERR_NO_DOCUMENT'

/** Keeps versioned JSON documents, and knows nothing of what is in them. */
export interface Store<Document extends { readonly revision: number }> {
  /**
   * The document of this key, or null when there is none. Strongly consistent: what a `replace` that has
   * resolved wrote, every later `get` on every instance sees. Rejects when the store failed; never resolves
   * null for that.
   */
  get (key: string): Promise<Document | null>

  /**
   * Puts `next` in the place of the document with revision `expected`, atomically and durably; null stands
   * for absence on either side. True when that happened. False, and nothing changed, when something else is
   * stored. Rejects when the store failed. Each call commits by itself: a client in an open transaction would
   * be able to take back that a code was used.
   */
  replace (key: string, expected: number | null, next: Document | null): Promise<boolean>

  /**
   * Optional: up to `limit` keys in a fixed order, those behind `after`; fewer mean that there are no more.
   * For reports, key rotation, migration.
   */
  list? (after: string | undefined, limit: number): Promise<string[]>
}

/** A store for entities; see `memoryStore`, `postgresStore` and `redisStore`, or bring your own. */
export type EntityStore = Store<Entity>
