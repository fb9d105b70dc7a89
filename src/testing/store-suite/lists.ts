import assert from 'node:assert/strict'
import type { Store } from '../../documents/store.js'
import { note, type Trial, type Note, type Promises } from './trial.js'
import { names } from './keys.js'

/**
 * Key rotation and migration rely on the list. A store may have none, but the one it has must be complete.
 */
export const lists: Promises = {
  async 'a list returns every key once, whatever the size of its pages' (trial) {
    const { one, two } = trial
    if (!hasList(one) || !hasList(two)) return
    const keys = await kept(trial)
    for (const [store, size] of [[one, 1], [two, 7], [one, keys.length], [two, 1000]] as const) {
      const found = await walk(store, size)
      assert.deepEqual(found.filter(key => keys.includes(key)).sort(), keys.toSorted(), `in pages of ${size}`)
    }
  },

  async 'a list has a fixed order, and continues after a key that was deleted' (trial) {
    const { one, two } = trial
    if (!hasList(one) || !hasList(two)) return
    const keys = await kept(trial)
    const own = async (store: Listing, size: number, after?: string) =>
      (await walk(store, size, after)).filter(key => keys.includes(key))
    const order = await own(one, 1000)
    assert.deepEqual(await own(two, 5), order)
    assert.deepEqual(await own(one, 5, order.at(-1)), [])
    const [, , gone = ''] = order
    await one.replace(gone, keys.indexOf(gone), null)
    assert.deepEqual(await own(two, 5, gone), order.slice(3))
    assert.deepEqual(await own(one, 1000), order.filter(key => key !== gone))
  }
}

type Listing = Required<Store<Note>>

function hasList (store: Store<Note>): store is Listing {
  return store.list !== undefined
}

async function kept ({ one, key }: Trial): Promise<string[]> {
  const keys = names.map(name => key(name))
  await Promise.all(keys.map(async (key, revision) => await one.replace(key, null, note(revision))))
  return keys
}

/** All listed keys, including those of other documents. A page that isn't full is the last one. */
async function walk (store: Listing, size: number, after?: string): Promise<string[]> {
  const found: string[] = []
  for (;;) {
    const page = await store.list(found.at(-1) ?? after, size)
    assert.ok(page.length <= size, `a page of ${page.length} keys where at most ${size} were requested`)
    for (const key of page) assert.ok(!found.includes(key), `${JSON.stringify(key)} is listed twice`)
    found.push(...page)
    if (page.length < size) return found
  }
}
