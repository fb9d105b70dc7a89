import type { EntityStore } from '../../../dist/index.js'
import type { Crowd } from './crowd.js'
import { keyOf } from './entity-key.js'
import { actOnAll } from './in-flight.js'

/** A document for a bare driver, which writes it again and again with a revision that rises. */
export interface StoredDocument {
  readonly key: string
  readonly text: string
  revision: number
}

/** Reads the documents of a whole crowd. */
export async function readAll (store: EntityStore, { identities }: Crowd): Promise<StoredDocument[]> {
  const documents: StoredDocument[] = []
  await actOnAll(identities, async identity => {
    const key = keyOf(identity)
    const document = await store.get(key)
    if (document === null) throw new Error(`nothing is stored under ${key}`)
    documents.push({ key, text: JSON.stringify(document), revision: document.revision })
  })
  return documents
}
