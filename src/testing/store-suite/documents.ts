import assert from 'node:assert/strict'
import { note, type Trial, type Promises } from './trial.js'

/** Bytes: more than an entity at all its caps. A user whose document a store can't keep is locked out. */
const LARGEST = 160 * 1024
/** Levels: deeper than any of our documents. The limit of some databases is 32. */
const DEEPEST = 24

/** A document is read exactly as it was written, whatever its content. */
export const documents: Promises = {
  async 'text is read as it was written' (trial) {
    await isKept(trial, [
      '', ' ', ' a ', '\t\r\n', '🔑', '👩‍💻', '𝟏', '\u00e9', 'e\u0301', '\u202e', '\u200d', '\ufeff',
      '\uffff', '\u2028', '"', "'", '\\', '\\u0041', '\\\\', '{"a":1}', '[]', 'null', '$1', '%s', '__proto__', '0', '1e3',
      '2027-01-15T08:00:00.000Z'
    ])
  },

  async 'numbers are read as they were written' (trial) {
    const most = Number.MAX_SAFE_INTEGER
    await isKept(trial, [
      0, 1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 48 - 1, most, most - 1, -most,
      0.1, 0.1 + 0.2, 1.5e-7, 1e21, 1e308, Number.MAX_VALUE, Number.EPSILON
    ])
  },

  async 'empty lists, empty objects, null, true and false are read as they were written' (trial) {
    await isKept(trial, [[], {}, [[]], [{}], [null], { list: [], object: {} }, null, true, false])
  },

  async 'any text may be the name of a property' (trial) {
    await isKept(trial, JSON.parse(
      '{ "": 1, " ": 2, "a.b": 3, "$set": 4, "__proto__": 5, "constructor": 6, "🔑": 7, "0": 8, "A": 9, "a": 10 }'))
  },

  async 'a document may be nested 24 levels deep' (trial) {
    let deep: unknown = 'bottom'
    for (let depth = 0; depth < DEEPEST; depth++) deep = depth % 2 === 0 ? { deep } : [deep]
    await isKept(trial, deep)
  },

  async 'a document may have 160 KiB' (trial) {
    const part = () => String(trial.random(2 ** 48)).padStart(16, '0').repeat(64)
    await isKept(trial, Array.from({ length: LARGEST / 1024 }, part))
  },

  async 'changing an object that was written or read doesn\'t change the store' ({ one, two, key }) {
    const alice = key('alice')
    const given = { revision: 1, content: { list: ['kept'] } }
    await one.replace(alice, null, given)
    // A store may freeze the documents that it keeps: then these change nothing.
    Reflect.set(given.content.list, 1, 'given')
    Reflect.set(given, 'revision', 2)
    for (const store of [one, two, one]) {
      const taken = await store.get(alice)
      assert.deepEqual(taken, note(1, { list: ['kept'] }))
      Reflect.set(Object(taken.content), 'list', 'taken')
      Reflect.set(taken, 'revision', 3)
    }
    assert.equal(await two.replace(alice, 1, note(4)), true)
  }
}

/** Writes the content in a new document and in a replacement, and reads both on the other instance. */
async function isKept ({ one, two, key }: Trial, content: unknown): Promise<void> {
  const alice = key('alice')
  assert.equal(await one.replace(alice, null, note(1, content)), true)
  assert.deepEqual(await two.get(alice), note(1, content))
  assert.equal(await two.replace(alice, 1, note(2, [content])), true)
  assert.deepEqual(await one.get(alice), note(2, [content]))
}
