import { reads, wins } from './expectations.js'
import type { Guarantee, Guarantees } from './guarantee.js'
import { RULES } from './rules.js'
import { note, type Trial } from './trial.js'

/** Bytes: more than an entity at all its caps. A user whose document a store can't keep is locked out. */
const LARGEST = 160 * 1024
/** Levels: deeper than any of our documents. The limit of some databases is 32. */
const DEEPEST = 24
const MOST = Number.MAX_SAFE_INTEGER

/** A document is read exactly as it was written, whatever its content. */
export const documents: Guarantees = {
  'text is read as it was written': keeps(
    'a column or a connection without all of Unicode (MySQL: utf8mb4), a trimming column, or escapes that are read twice.',
    [
      '', ' ', ' a ', '\t\r\n', '🔑', '👩‍💻', '𝟏', '\u00e9', 'e\u0301', '\u202e', '\u200d', '\ufeff',
      '\uffff', '\u2028', '"', "'", '\\', '\\u0041', '\\\\', '{"a":1}', '[]', 'null', '$1', '%s', '__proto__', '0', '1e3',
      '2027-01-15T08:00:00.000Z'
    ]),

  'numbers are read as they were written': keeps(
    'numbers as 32-bit integers, floats or decimals, or as text. Store the document as one JSON text.',
    [
      0, 1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 48 - 1, MOST, MOST - 1, -MOST,
      0.1, 0.1 + 0.2, 1.5e-7, 1e21, 1e308, Number.MAX_VALUE, Number.EPSILON
    ]),

  'empty lists, empty objects, null, true and false are read as they were written': keeps(
    'a database or mapper that drops empty values or null. Store the document as one JSON text.',
    [[], {}, [[]], [{}], [null], { list: [], object: {} }, null, true, false]),

  'any text may be the name of a property': keeps(
    'a database or mapper that gives a meaning to names such as a.b, $set or __proto__. Store one JSON text.',
    JSON.parse(
      '{ "": 1, " ": 2, "a.b": 3, "$set": 4, "__proto__": 5, "constructor": 6, "🔑": 7, "0": 8, "A": 9, "a": 10 }')),

  'a document may be nested 24 levels deep': keeps(
    'a limit of the database or mapper on nesting. Store the document as one JSON text.',
    nested(DEEPEST)),

  'a document may have 160 KiB': {
    rule: RULES.everythingFits,
    lookFor: 'a column or item that is too small or cuts its content (MySQL: TEXT has 64 KiB, take LONGTEXT).',

    async verify (trial) {
      const part = () => String(trial.random(2 ** 48)).padStart(16, '0').repeat(64)
      await isKept(trial, Array.from({ length: LARGEST / 1024 }, part))
    }
  },

  'changing an object that was written or read doesn\'t change the store': {
    rule: RULES.documentsAreCopies,
    lookFor: 'a Map that keeps the objects themselves, or a cache that gives the same object to several callers. ' +
      'Keep text, copy with structuredClone, or freeze.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      const given = { revision: 1, content: { list: ['kept'] } }
      await wins(one, alice, null, given)
      // A store may freeze the documents that it keeps: then these change nothing.
      Reflect.set(given.content.list, 1, 'given')
      Reflect.set(given, 'revision', 2)
      for (const store of [one, two, one]) {
        const taken = await reads(store, alice, note(1, { list: ['kept'] }))
        Reflect.set(Object(taken?.content), 'list', 'taken')
        Reflect.set(Object(taken), 'revision', 3)
      }
      await wins(two, alice, 1, note(4))
    }
  }
}

function keeps (lookFor: string, content: unknown): Guarantee {
  return {
    rule: RULES.everythingFits,
    lookFor,
    async verify (trial) { await isKept(trial, content) }
  }
}

/** Writes the content in a new document and in a replacement, and reads both on the other instance. */
async function isKept ({ one, two, key }: Trial, content: unknown): Promise<void> {
  const alice = key('alice')
  await wins(one, alice, null, note(1, content))
  await reads(two, alice, note(1, content))
  await wins(two, alice, 1, note(2, [content]))
  await reads(one, alice, note(2, [content]))
}

function nested (levels: number): unknown {
  let deep: unknown = 'bottom'
  for (let depth = 0; depth < levels; depth++) deep = depth % 2 === 0 ? { deep } : [deep]
  return deep
}
