import { isDeepStrictEqual } from 'node:util'
import { atOnce } from '../at-once.js'
import type { Entity } from '../entity/entity.js'
import { keyOf } from '../stores/entities.js'
import {
  AT_ONCE, checkedEntity, entitiesOf, identitiesIn, orRefused, type RefusedIdentity, type ScanOptions,
  type StoreOptions
} from './scan.js'

/** What is kept of an identity, as it leaves a store: secrets sealed, marks hashed. */
export interface ExportedIdentity {
  readonly identity: string
  readonly status: 'exported'
  /** JSON for `importEntities`; nothing else is to be made of it. */
  readonly entity: Entity
}

/** What `importEntities` takes: what `exportEntities` gave, or what was read of a file of it. */
export type Importable = RefusedIdentity | { readonly identity: string, readonly entity: unknown }

/** Options of `importEntities`. */
export interface ImportOptions extends StoreOptions {
  /** What to import; `exportEntities({ store })` of another store, for example. */
  readonly entities: Iterable<Importable> | AsyncIterable<Importable>
}

/** What became of one identity that was to be imported. */
export interface ImportedIdentity {
  readonly identity: string
  /** `present` when the very same was there already. */
  readonly status: 'imported' | 'present'
}

/**
 * Gives everything that the plugin keeps, in a form that any other store can take. Rejects when the store
 * fails. What is written meanwhile may be missing: stop the servers, or a code that is used after the export
 * works once more where it is imported.
 */
export async function * exportEntities (
  options: ScanOptions
): AsyncGenerator<ExportedIdentity | RefusedIdentity, void, undefined> {
  const entities = entitiesOf(options)

  const exported = atOnce(AT_ONCE, identitiesIn(options), async identity =>
    await orRefused(identity, async () => {
      const { document } = await entities.read(keyOf(identity))
      return document && { identity, status: 'exported', entity: document } as const
    }))
  // What has gone since it was listed is no loss.
  for await (const found of exported) if (found !== null) yield found
}

/**
 * Puts entities into a store where their identities have none; it never takes the place of anything, and can
 * be repeated: what is there already is `present`, or `refused` when it is something else. Rejects when the
 * store fails. The plugin there needs the same `keys`.
 */
export async function * importEntities (
  { entities: items, ...options }: ImportOptions
): AsyncGenerator<ImportedIdentity | RefusedIdentity, void, undefined> {
  const entities = entitiesOf(options)

  yield * atOnce(AT_ONCE, items, async item => {
    if (!('entity' in item)) return item
    const { identity } = item
    return await orRefused(identity, async () => {
      const entity = checkedEntity(identity, item.entity)
      return await entities.change<ImportedIdentity | RefusedIdentity>(keyOf(identity), kept => {
        if (kept === null) return { next: entity, answer: { identity, status: 'imported' } }
        if (isDeepStrictEqual(kept, entity)) return { answer: { identity, status: 'present' } }
        return { answer: { identity, status: 'refused', reason: 'something else is kept of it already' } }
      })
    })
  })
}
