import type { Test } from 'tap'
import type { Entity, EntityStore } from '../../src/index.js'
import { entityWith } from '../entity/documents.js'

/** Asks a store in every way that reads or changes one document; each time, how much the count rises. */
export async function everyCall (
  t: Test, { get, replace }: EntityStore, count: () => number
): Promise<number[]> {
  const key = 'identity:alice'
  const first = entityWith()
  const second: Entity = { ...first, revision: first.revision + 1 }
  const counts: number[] = []
  for (const ask of [
    async () => await replace(key, null, first),
    async () => await get(key),
    async () => await replace(key, first.revision, second),
    async () => !await replace(key, first.revision, second),
    async () => await replace(key, second.revision, null),
    async () => await get(key) === null,
    async () => await replace(key, null, null)
  ]) {
    const before = count()
    t.ok(await ask())
    counts.push(count() - before)
  }
  return counts
}
