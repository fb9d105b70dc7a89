import assert from 'node:assert/strict'
import type { Store } from '../../documents/store.js'
import { note, type Bench, type Note, type Promises } from './trial.js'
import { names } from './keys.js'

/** What key rotation and migration go through. A store needs no list, but one that it has is whole. */
export const lists: Promises = {
  async 'a list gives every key once, whatever the size of its pages' (bench) {
    const { one, two } = bench
    if (!hasList(one) || !hasList(two)) return
    const keys = await kept(bench)
    for (const [store, size] of [[one, 1], [two, 7], [one, keys.length], [two, 1000]] as const) {
      const found = await walk(store, size)
      assert.deepEqual(found.filter(key => keys.includes(key)).sort(), keys.toSorted(), `in pages of ${size}`)
    }
  },

  async 'a list has one order, and goes on behind a key that has gone' (bench) {
    const { one, two } = bench
    if (!hasList(one) || !hasList(two)) return
    const keys = await kept(bench)
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

async function kept ({ one, key }: Bench): Promise<string[]> {
  const keys = names.map(name => key(name))
  await Promise.all(keys.map(async (key, revision) => await one.replace(key, null, note(revision))))
  return keys
}

/** All keys that are listed, those of others too. A page that is not full is the last one. */
async function walk (store: Listing, size: number, after?: string): Promise<string[]> {
  const found: string[] = []
  for (;;) {
    const page = await store.list(found.at(-1) ?? after, size)
    assert.ok(page.length <= size, `a page of ${page.length} keys where ${size} were asked for`)
    for (const key of page) assert.ok(!found.includes(key), `${JSON.stringify(key)} is listed twice`)
    found.push(...page)
    if (page.length < size) return found
  }
}
