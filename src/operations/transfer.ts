import { isDeepStrictEqual } from 'node:util'
import { atOnce } from '../at-once.js'
import type { Entity } from '../entity/entity.js'
import { keyOf } from '../stores/entities.js'
import {
  AT_ONCE, checkedEntity, entitiesOf, identitiesIn, reasonOf, type ScanOptions, type StoreOptions
} from './entities.js'
import type { RefusedIdentity } from './report.js'

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
  /**
   * `present` when the very same was there already; `occupied` when something else was, which is left as it
   * is.
   */
  readonly status: 'imported' | 'present' | 'occupied'
}

/**
 * Gives everything that is kept, in a form that any other store can take. Rejects when the store fails. What
 * is written meanwhile may be missing: stop the servers, or a code that is used after the export works once
 * more where it is imported.
 */
export async function * exportEntities (
  options: ScanOptions
): AsyncGenerator<ExportedIdentity | RefusedIdentity, void, undefined> {
  const entities = entitiesOf(options)

  const exported = atOnce(AT_ONCE, identitiesIn(options), async identity => {
    try {
      const { document } = await entities.read(keyOf(identity))
      return document && { identity, status: 'exported', entity: document } as const
    } catch (error) {
      return { identity, status: 'refused', reason: reasonOf(error) } as const
    }
  })
  // What has gone since it was listed is no loss.
  for await (const found of exported) if (found !== null) yield found
}

/**
 * Puts entities into a store where their identities have none; it never takes the place of anything, and can
 * be repeated. Rejects when the store fails. The plugin there needs the same `keys`.
 */
export async function * importEntities (
  { entities: items, ...options }: ImportOptions
): AsyncGenerator<ImportedIdentity | RefusedIdentity, void, undefined> {
  const entities = entitiesOf(options)

  yield * atOnce(AT_ONCE, items, async item => {
    if (!('entity' in item)) return item
    const { identity } = item
    try {
      const entity = checkedEntity(identity, item.entity)
      return await entities.change<ImportedIdentity>(keyOf(identity), kept => {
        if (kept === null) return { next: entity, answer: { identity, status: 'imported' } }
        return { answer: { identity, status: isDeepStrictEqual(kept, entity) ? 'present' : 'occupied' } }
      })
    } catch (error) {
      return { identity, status: 'refused', reason: reasonOf(error) } as const
    }
  })
}
