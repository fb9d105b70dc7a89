import assert from 'node:assert/strict'
import type { Store } from '../../documents/store.js'
import { note, type Note } from './trial.js'

/**
 * False means that another write won, and null that nothing is kept. A store that resolves these because it
 * failed loses what was recorded, or lets enrolled users pass as unenrolled.
 */
export async function rejectsAll (store: Store<Note>): Promise<void> {
  const alice = 'identity:alice'
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    get: async () => await store.get(alice),
    'a creation': async () => await store.replace(alice, null, note(1)),
    'a replacement': async () => await store.replace(alice, 1, note(2)),
    'a deletion': async () => await store.replace(alice, 1, null),
    'replacing absence by absence': async () => await store.replace(alice, null, null),
    list: async () => await (store.list?.(undefined, 1) ?? Promise.reject(new Error('the store has no list')))
  }
  for (const [name, call] of Object.entries(calls)) {
    await assert.rejects(call(), `${name} of a broken store did not reject`)
  }
}
