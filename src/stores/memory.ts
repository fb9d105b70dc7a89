import type { Entity } from '../entity/entity.js'
import type { Store } from './store.js'

/**
 * Keeps documents in this process, for tests and demonstrations: they are gone with it, and other processes
 * don't see them. Documents are kept as text, so that nobody holds an object that is also in the store.
 */
export function memoryStore<Document extends { readonly revision: number } = Entity> (
): Required<Store<Document>> {
  const documents = new Map<string, { readonly revision: number, readonly text: string }>()

  return {
    async get (key) {
      const stored = documents.get(key)
      return stored === undefined ? null : JSON.parse(stored.text)
    },

    async replace (key, expected, next) {
      if ((documents.get(key)?.revision ?? null) !== expected) return false
      if (next === null) documents.delete(key)
      else documents.set(key, { revision: next.revision, text: JSON.stringify(next) })
      return true
    },

    async list (after, limit) {
      const keys = [...documents.keys()].sort()
      return keys.filter(key => after === undefined || key > after).slice(0, limit)
    }
  }
}
