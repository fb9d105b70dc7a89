import type { EntityStore } from '../../../dist/index.js'
import { keyOf } from '../../../dist/verifier/entities.js'
import type { Crowd } from './crowd.js'
import { together } from './in-flight.js'

/** A document as a bare driver writes it: over and over, with a revision that rises. */
export interface Kept {
  readonly key: string
  readonly text: string
  revision: number
}

/** What a store has of everybody. */
export async function keptIn (store: EntityStore, { identities }: Crowd): Promise<Kept[]> {
  const kept: Kept[] = []
  await together(identities, async identity => {
    const key = keyOf(identity)
    const document = await store.get(key)
    if (document === null) throw new Error(`nothing is kept under ${key}`)
    kept.push({ key, text: JSON.stringify(document), revision: document.revision })
  })
  return kept
}
