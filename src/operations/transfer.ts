import { isDeepStrictEqual } from 'node:util'
import { inBatches } from '../in-batches.js'
import type { Entity } from '../entity/entity.js'
import { hasOwn } from '../own-property.js'
import { keyOf } from '../verifier/entities.js'
import {
  BATCH_SIZE, checkedEntity, entitiesIn, keyringOf, listIdentities, operation, orRefused, requireOpened,
  type RefusedIdentity, type ScanOptions, type StoreOptions
} from './scan.js'

/** An identity and its document, with sealed secrets and hashed marks. */
export interface ExportedIdentity {
  readonly identity: string
  readonly status: 'exported'
  /** JSON for `importEntities`. Its layout is not part of the API. */
  readonly entity: Entity
}

/** An item for `importEntities`: as `exportEntities` yields it, or as it was read from a file. */
export type Importable = RefusedIdentity | { readonly identity: string, readonly entity: unknown }

/** Options of `importEntities`. */
export interface ImportOptions extends StoreOptions {
  /** The keys of the servers that will use the store. An entity that they don't open is refused. */
  readonly keys: readonly Uint8Array[]
  /** The items to import, for example `exportEntities({ store })` of another store. */
  readonly entities: Iterable<Importable> | AsyncIterable<Importable>
}

/** The outcome of `importEntities` for one identity. */
export interface ImportedIdentity {
  readonly identity: string
  /** `present` if the store already had exactly this entity. */
  readonly status: 'imported' | 'present'
}

/**
 * Yields everything that the plugin keeps, in a form that any other store can import. Rejects if the store
 * fails. Stop the servers first. The export may miss what they write meanwhile, and then a code used after
 * the export works again where you import it.
 */
export const exportEntities = operation(exportAll)

async function * exportAll (
  options: ScanOptions
): AsyncGenerator<ExportedIdentity | RefusedIdentity, void, undefined> {
  const entities = entitiesIn(options)

  const exported = inBatches(BATCH_SIZE, listIdentities(options), async identity =>
    await orRefused(identity, async () => {
      const { document } = await entities.read(keyOf(identity))
      return document && { identity, status: 'exported', entity: document } as const
    }))
  // Null stands for an entity that was deleted after it was listed.
  for await (const outcome of exported) if (outcome !== null) yield outcome
}

/**
 * Adds entities to a store. It never replaces an entity: an equal one is `present`, a different one makes the
 * identity `refused`, and so does one that `keys` don't open. So it can be repeated. Rejects if the store
 * fails.
 */
export const importEntities = operation(importAll)

async function * importAll (
  { entities: items, keys, ...options }: ImportOptions
): AsyncGenerator<ImportedIdentity | RefusedIdentity, void, undefined> {
  const keyring = keyringOf(keys)
  const entities = entitiesIn(options)

  yield * inBatches(BATCH_SIZE, items, async item => {
    if (!hasOwn(item, 'entity')) return item
    const { identity } = item
    return await orRefused(identity, async () => {
      const entity = checkedEntity(identity, item.entity)
      requireOpened(keyring, entity)
      return await entities.change<ImportedIdentity | RefusedIdentity>(keyOf(identity), stored => {
        if (stored === null) return { next: entity, answer: { identity, status: 'imported' } }
        if (isDeepStrictEqual(stored, entity)) return { answer: { identity, status: 'present' } }
        return { answer: { identity, status: 'refused', reason: 'the store already has another entity for it' } }
      })
    })
  })
}
