import assert from 'node:assert/strict'
import type { Store } from '../../documents/store.js'
import { note, type Bench, type Note, type Promises } from './trial.js'

/** Bytes of the longest key: a door, a colon, and the longest identity. */
const LONGEST = 'identity:'.length + 256

/** Identities that a database, or a file system, may find equal. */
const ALIKE = {
  'keys that differ by nothing but case are kept apart':
    ['alice', 'Alice', 'ALICE', 'ß', 'ss', 'SS', 'ẞ', 'ı', 'i', 'I', 'İ', 'σ', 'ς', 'Σ', 'é', 'É', 'e'],
  'keys that differ by nothing but space are kept apart':
    ['alice', ' alice', 'alice ', 'alice  ', 'alice\t', 'alice\n', 'alice\r\n', 'alice\u00a0', 'alice\u200b', '', ' '],
  'keys that differ by nothing but their Unicode form are kept apart':
    ['\u00e9', 'e\u0301', '\u00c5', 'A\u030a', '\u212b', '\ufb01', 'fi', '\u2460', '1', '\uff11', '\u1e69', 's\u0323\u0307', 's\u0307\u0323'],
  'keys of which one begins like another are kept apart':
    ['', 'a', 'aa', 'a:', 'a:b', 'a:b:c', 'a/', 'a/b', 'a/b/c', 'a.b', 'a%', 'a%2fb', 'a%252fb', 'a*', 'a\\'],
  'keys that mean something elsewhere are nothing but keys': [
    '__proto__', 'constructor', 'toString', 'null', '%', '_', '*', '?', '[a-z]', '.', '..', '../a', '/', "'", '"', '\\', '\\0',
    "o'brien", 'obrien', "'); DROP TABLE totp_entities; --", '$1', '`a`', '{a}', '#', '&', '\u007f', '\u2028', '\u202e', '\u200d', '\ufeff',
    '\uffff', '🔑', '👩‍💻', '👩💻', '𝟏'
  ]
}

/** Names of all kinds. */
export const names: readonly string[] = [...new Set(Object.values(ALIKE).flat())]

/** Keys are compared byte by byte: two users who become one share their factors. */
export const keys: Promises = {
  ...Object.fromEntries(Object.entries(ALIKE).map(([promise, names]) => [
    promise,
    async (bench: Bench) => await keptApart(bench, names.map(name => bench.key(name)))
  ])),

  async 'keys as long as identities get are kept whole' (bench) {
    const room = LONGEST - Buffer.byteLength(bench.key(''))
    const filled = (character: string) => character.repeat(room / Buffer.byteLength(character))
    const names = ['a', 'é', '🔑'].map(filled).flatMap(long =>
      [long, `${long.slice(0, -2)}ab`, `${long.slice(0, -2)}ba`, long.slice(0, -2)])
    await keptApart(bench, names.map(name => bench.key(name)))
  },

  async 'keys of different doors are kept apart' (bench) {
    await keptApart(bench, ['identity', 'identit', 'service', 'entity'].map(door => bench.key('alice', door)))
  }
}

async function keptApart ({ one, two }: Bench, keys: readonly string[]): Promise<void> {
  const expected = new Map<string, Note | null>(keys.map((key, index) => [key, note(index, key)]))
  for (const [index, key] of keys.entries()) {
    assert.equal(await one.get(key), null, `${shown(key)} is there before it was kept`)
    assert.equal(await one.replace(key, null, note(index, key)), true, `${shown(key)} can't be kept`)
  }
  await areKept(two, expected)
  for (const [index, key] of keys.entries()) {
    const next = index % 2 === 0 ? null : note(index + 1, key)
    assert.equal(await two.replace(key, index, next), true, `${shown(key)} can't be changed`)
    expected.set(key, next)
  }
  await areKept(one, expected)
}

async function areKept (store: Store<Note>, expected: ReadonlyMap<string, Note | null>): Promise<void> {
  await Promise.all([...expected].map(async ([key, document]) => {
    assert.deepEqual(await store.get(key), document, `under ${shown(key)} is something else`)
  }))
}

/** Beyond ASCII in escapes, because it is the invisible that differs. */
function shown (key: string): string {
  return JSON.stringify(key).replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
