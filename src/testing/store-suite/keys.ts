import type { Store } from '../../documents/store.js'
import { BrokenGuarantee, reads, wins } from './expectations.js'
import type { Guarantee, Guarantees } from './guarantee.js'
import { RULES } from './rules.js'
import { shownKey } from './shown.js'
import { note, type Trial, type Note } from './trial.js'

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

const FOLDED = 'a column whose collation ignores case, accents, trailing blanks or invisible characters. ' +
  'Take a binary one (PostgreSQL: COLLATE "C", MySQL: VARBINARY), and don\'t trim, lower or normalize keys.'
const CUT = 'a key column that is too short and cuts its values: it needs 265 bytes.'
const ESCAPED = 'keys in paths, patterns, URLs or object properties without escaping, or in SQL without parameters.'

/** Keys are compared byte by byte. If two users had the same key, they would share their factors. */
export const keys: Guarantees = {
  ...Object.fromEntries(Object.entries(ALIKE).map(([name, names]) => [
    name, apart(`${FOLDED} Or ${ESCAPED}`, trial => names.map(name => trial.key(name)))
  ])),

  'keys of the longest identities are kept whole': apart(CUT, trial => {
    const room = LONGEST - Buffer.byteLength(trial.key(''))
    const filled = (character: string) => character.repeat(room / Buffer.byteLength(character))
    const names = ['a', 'é', '🔑'].map(filled).flatMap(long =>
      [long, `${long.slice(0, -2)}ab`, `${long.slice(0, -2)}ba`, long.slice(0, -2)])
    return names.map(name => trial.key(name))
  }),

  'keys of different namespaces are different keys': apart(
    'a store that drops the part of a key before its colon. Store the key as it is.',
    trial => ['identity', 'identit', 'service', 'entity'].map(namespace => trial.key('alice', namespace)))
}

/** The guarantee that documents of these keys are kept apart. */
function apart (lookFor: string, keys: (trial: Trial) => string[]): Guarantee {
  return {
    rule: RULES.keysAreBytes,
    lookFor,
    async verify (trial) { await keptApart(trial, keys(trial)) }
  }
}

async function keptApart ({ one, two }: Trial, keys: readonly string[]): Promise<void> {
  const expected = new Map<string, Note | null>(keys.map((key, index) => [key, note(index, key)]))
  for (const [index, key] of keys.entries()) {
    await isUnused(one, key)
    await wins(one, key, null, note(index, key))
  }
  await areKept(two, expected)
  for (const [index, key] of keys.entries()) {
    const next = index % 2 === 0 ? null : note(index + 1, key)
    await wins(two, key, index, next)
    expected.set(key, next)
  }
  await areKept(one, expected)
}

/** The content of each document is the key that it was written under. */
async function isUnused (store: Store<Note>, key: string): Promise<void> {
  const found = await store.get(key)
  if (typeof found?.content === 'string') {
    throw new BrokenGuarantee(
      `get(${shownKey(key)}) resolved the document that was written under ${shownKey(found.content)}: ` +
      'the store takes these two keys for one.', key)
  }
  await reads(store, key, null)
}

async function areKept (store: Store<Note>, expected: ReadonlyMap<string, Note | null>): Promise<void> {
  await Promise.all([...expected].map(async ([key, document]) => await reads(store, key, document)))
}
