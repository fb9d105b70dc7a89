import type { Entity } from '../entity/entity.js'
import { freezeDocument } from '../documents/frozen.js'
import type { Store } from '../documents/store.js'
import { refuseHookCall } from '../errors.js'

/**
 * Keeps documents in this process, for tests and demonstrations: they are lost with it, and other processes
 * don't see them. Kept documents are frozen, so code that holds one can't change the store.
 */
export function memoryStore<Document extends { readonly revision: number } = Entity> (): Required<Store<Document>>
export function memoryStore<Document extends { readonly revision: number } = Entity> (
  ...misused: unknown[]
): Required<Store<Document>> {
  refuseHookCall(misused)
  const documents = new Map<string, Document>()

  return {
    async get (key) {
      return documents.get(key) ?? null
    },

    async replace (key, expected, next) {
      if ((documents.get(key)?.revision ?? null) !== expected) return false
      if (next === null) documents.delete(key)
      else documents.set(key, freezeDocument(next))
      return true
    },

    async list (after, limit) {
      const keys = [...documents.keys()].sort()
      return keys.filter(key => after === undefined || key > after).slice(0, limit)
    }
  }
}
