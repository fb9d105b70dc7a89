import { isDeepStrictEqual } from 'node:util'
import type { Store } from '../../documents/store.js'
import { listText } from './calls.js'
import { BrokenGuarantee, wins } from './expectations.js'
import type { Guarantees } from './guarantee.js'
import { names } from './keys.js'
import { RULES } from './rules.js'
import { shown, shownKey } from './shown.js'
import { note, type Trial, type Note } from './trial.js'

/**
 * Key rotation and migration rely on the list. A store may have none, but the one it has must be complete.
 */
export const lists: Guarantees = {
  'a list returns every key once, whatever the size of its pages': {
    rule: RULES.listIsComplete,
    lookFor: 'pages by offset, a limit that is ignored or lowered, keys that come back as bytes, or a comparison with ' +
      'after that has another collation than the order. Take WHERE key > ? ORDER BY key LIMIT ?.',

    async verify (trial) {
      const { one, two } = trial
      if (!hasList(one) || !hasList(two)) return
      const keys = await kept(trial)
      for (const [store, size] of [[one, 1], [two, 7], [one, keys.length], [two, 1000]] as const) {
        const found = await walk(store, size)
        const missing = keys.filter(key => !found.includes(key))
        if (missing.length === 0) continue
        throw new BrokenGuarantee(
          `list, on pages of ${size}, left out ${missing.length} of ${keys.length} stored keys. ` +
          `The first one is ${wordFor(missing[0])}.`)
      }
    }
  },

  'a list has a fixed order, and continues after a key that was deleted': {
    rule: RULES.listIsComplete,
    lookFor: 'keys in the order of a hash, or of writing, or a list that has to find the key after which it goes on.',

    async verify (trial) {
      const { one, two } = trial
      if (!hasList(one) || !hasList(two)) return
      const keys = await kept(trial)
      const own = async (store: Listing, size: number, after?: string) =>
        (await walk(store, size, after)).filter(key => keys.includes(key))
      const order = await own(one, 1000)
      isOrder('on pages of 5 on the other instance', await own(two, 5), order)
      isOrder('after the last key', await own(one, 5, order.at(-1)), [])
      const [, , gone = ''] = order
      await wins(one, gone, keys.indexOf(gone), null)
      isOrder(`after the deleted key ${shownKey(gone)}`, await own(two, 5, gone), order.slice(3))
      isOrder(`without the deleted key ${shownKey(gone)}`, await own(one, 1000), order.filter(key => key !== gone))
    }
  }
}

type Listing = Required<Store<Note>>

function hasList (store: Store<Note>): store is Listing {
  return store.list !== undefined
}

async function kept ({ one, key }: Trial): Promise<string[]> {
  const keys = names.map(name => key(name))
  await Promise.all(keys.map(async (key, revision) => await wins(one, key, null, note(revision))))
  return keys
}

/** All listed keys, including those of other documents. A page that isn't full is the last one. */
async function walk (store: Listing, size: number, after?: string): Promise<string[]> {
  const found: string[] = []
  for (;;) {
    const last = found.at(-1) ?? after
    const page: unknown = await store.list(last, size)
    const broken = (what: string) => new BrokenGuarantee(`${listText(last, size)} returned ${what}.`)
    if (!Array.isArray(page)) throw broken(`${shown(page)}, which isn't a list`)
    if (page.length > size) throw broken(`${page.length} keys, more than its limit`)
    for (const key of page) {
      if (typeof key !== 'string') throw broken(`${shown(key)}, which isn't a string`)
      if (found.includes(key)) throw broken(`${shownKey(key)} a second time`)
      found.push(key)
    }
    if (page.length < size) return found
  }
}

function isOrder (where: string, actual: readonly string[], expected: readonly string[]): void {
  if (isDeepStrictEqual(actual, expected)) return
  const at = [...expected, ''].findIndex((key, index) => key !== (actual[index] ?? ''))
  throw new BrokenGuarantee(
    `list returned other keys ${where} than in the order of one page: ${wordFor(actual[at])} instead of ` +
    `${wordFor(expected[at])} in place ${at + 1}.`)
}

function wordFor (key: string | undefined): string {
  return key === undefined ? 'nothing' : shownKey(key)
}
