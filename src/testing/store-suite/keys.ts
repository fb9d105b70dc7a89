import assert from 'node:assert/strict'
import type { Store } from '../../documents/store.js'
import { note, type Trial, type Note, type Promises } from './trial.js'

/** Bytes of the longest key: a namespace, a colon, and the longest identity. */
const LONGEST = 'identity:'.length + 256

/** Identities that a database or a file system may treat as equal. */
const ALIKE = {
  'keys that differ only in case are different keys':
    ['alice', 'Alice', 'ALICE', 'ß', 'ss', 'SS', 'ẞ', 'ı', 'i', 'I', 'İ', 'σ', 'ς', 'Σ', 'é', 'É', 'e'],
  'keys that differ only in white space are different keys':
    ['alice', ' alice', 'alice ', 'alice  ', 'alice\t', 'alice\n', 'alice\r\n', 'alice\u00a0', 'alice\u200b', '', ' '],
  'keys that differ only in their Unicode form are different keys':
    ['\u00e9', 'e\u0301', '\u00c5', 'A\u030a', '\u212b', '\ufb01', 'fi', '\u2460', '1', '\uff11', '\u1e69', 's\u0323\u0307', 's\u0307\u0323'],
  'keys of which one is a prefix of another are different keys':
    ['', 'a', 'aa', 'a:', 'a:b', 'a:b:c', 'a/', 'a/b', 'a/b/c', 'a.b', 'a%', 'a%2fb', 'a%252fb', 'a*', 'a\\'],
  'keys that are special in another language are only keys': [
    '__proto__', 'constructor', 'toString', 'null', '%', '_', '*', '?', '[a-z]', '.', '..', '../a', '/', "'", '"', '\\', '\\0',
    "o'brien", 'obrien', "'); DROP TABLE totp_entities; --", '$1', '`a`', '{a}', '#', '&', '\u007f', '\u2028', '\u202e', '\u200d', '\ufeff',
    '\uffff', '🔑', '👩‍💻', '👩💻', '𝟏'
  ]
}

/** Names of every kind. */
export const names: readonly string[] = [...new Set(Object.values(ALIKE).flat())]

/** Keys are compared byte by byte. If two users had the same key, they would share their factors. */
export const keys: Promises = {
  ...Object.fromEntries(Object.entries(ALIKE).map(([promise, names]) => [
    promise,
    async (trial: Trial) => await keptApart(trial, names.map(name => trial.key(name)))
  ])),

  async 'keys of the longest identities are kept whole' (trial) {
    const room = LONGEST - Buffer.byteLength(trial.key(''))
    const filled = (character: string) => character.repeat(room / Buffer.byteLength(character))
    const names = ['a', 'é', '🔑'].map(filled).flatMap(long =>
      [long, `${long.slice(0, -2)}ab`, `${long.slice(0, -2)}ba`, long.slice(0, -2)])
    await keptApart(trial, names.map(name => trial.key(name)))
  },

  async 'keys of different namespaces are different keys' (trial) {
    await keptApart(trial, ['identity', 'identit', 'service', 'entity'].map(namespace => trial.key('alice', namespace)))
  }
}

async function keptApart ({ one, two }: Trial, keys: readonly string[]): Promise<void> {
  const expected = new Map<string, Note | null>(keys.map((key, index) => [key, note(index, key)]))
  for (const [index, key] of keys.entries()) {
    assert.equal(await one.get(key), null, `${shown(key)} has a document before it was written`)
    assert.equal(await one.replace(key, null, note(index, key)), true, `${shown(key)} can't be written`)
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
    assert.deepEqual(await store.get(key), document, `${shown(key)} has another document`)
  }))
}

/** Escapes everything outside ASCII, because the differences are invisible. */
function shown (key: string): string {
  return JSON.stringify(key).replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
