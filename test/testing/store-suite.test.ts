import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'
import { storeSuite, type StoreSuiteOptions } from '../../src/testing.js'
import { entityWith } from '../entity/documents.js'
import { untyped } from '../untyped.js'

type Tried = Omit<StoreSuiteOptions, 'test'>
type Failures = ReadonlyMap<string, Error>

/** As `test` of vitest takes it; that reads the whole file before the first test runs. */
type Run = (context: { readonly task: { readonly name: string } }) => Promise<void>

function collected (options: Tried): Array<readonly [name: string, run: Run]> {
  const tests: Array<[string, Run]> = []
  const test = (name: string, run: Run, timeout?: number) => {
    t.equal(timeout, undefined)
    tests.push([name, run])
  }
  storeSuite({ ...options, test })
  return tests
}

/** The failures of the guarantees that were broken, tried one after the other. */
async function failuresOf (options: Tried, only?: readonly string[]): Promise<Failures> {
  const failures = new Map<string, Error>()
  for (const [name, run] of collected(options)) {
    if (only?.includes(name) === false) continue
    await run({ task: { name } }).catch(error => { failures.set(name, error) })
  }
  return failures
}

type Full = Required<EntityStore>
type Make = (inner: Full) => EntityStore

/** The store `inner`, with the given differences. */
function like (inner: Full, differences: Partial<Full>): Full {
  return {
    get: async key => await (differences.get ?? inner.get)(key),
    replace: async (key, expected, next) => await (differences.replace ?? inner.replace)(key, expected, next),
    list: async (after, limit) => await (differences.list ?? inner.list)(after, limit)
  }
}

/** Writes without comparing the revision. */
async function overwrite (inner: Full, key: string, next: Entity | null): Promise<true> {
  const kept = await inner.get(key)
  await inner.replace(key, kept?.revision ?? null, next)
  return true
}

const renaming = (rename: (key: string) => string) => (inner: Full) => like(inner, {
  get: async key => await inner.get(rename(key)),
  replace: async (key, expected, next) => await inner.replace(rename(key), expected, next)
})

/** Changes each value of a document on its way into the store, but for its revision. */
const recasting = (recast: (value: unknown) => unknown) => (inner: Full) => like(inner, {
  async replace (key, expected, next) {
    const text = JSON.stringify(next, (name, value) => name === 'revision' ? value : recast(value))
    return await inner.replace(key, expected, JSON.parse(text))
  }
})

function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function depthOf (value: unknown): number {
  return isObject(value) ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
}

let instances = 0

/** Each mistake of an instance, and the guarantees that it breaks, each with words of its failure. */
const MISTAKES: Readonly<Record<string, readonly [make: Make, told: Readonly<Record<string, string>>]>> = {
  'compares, and writes later': [
    inner => like(inner, {
      async replace (key, expected, next) {
        const kept = await inner.get(key)
        await turn()
        return (kept?.revision ?? null) === expected && await overwrite(inner, key, next)
      }
    }),
    {
      'of many simultaneous creations of a document, one wins': '50 of 50 simultaneous creations of',
      'of many simultaneous replacements of a revision, one wins': '50 of 50 simultaneous replacements of',
      'of a simultaneous deletion and replacement, one wins': '2 of 2 simultaneous writes of',
      'no update is lost': 'Look for: a replace that reads, compares and then writes',
      'of 100 simultaneous challenges with one code, on two instances, one is approved':
        'with the same right code were answered approved: 100, instead of approved: 1,',
      'of 100 simultaneous wrong codes, on two instances, five are judged':
        'with a wrong code were answered ERR_TOTP_CHALLENGE_DENIED: 100, instead of'
    }
  ],
  'writes whatever is there': [
    inner => like(inner, { replace: async (key, _expected, next) => await overwrite(inner, key, next) }),
    {
      'a write that expects another revision changes nothing':
        'Look for: a statement that doesn\'t compare the revision',
      'of many simultaneous replacements of a revision, one wins': '50 of 50 simultaneous replacements of',
      'no update is lost': 'from the one that was written last: written 100, read 20',
      'of 100 simultaneous challenges with one code, on two instances, one is approved':
        'approved: 100, instead of approved: 1,',
      'of 100 simultaneous wrong codes, on two instances, five are judged':
        'DENIED: 100, instead of ERR_TOTP_CHALLENGE_DENIED: 5,'
    }
  ],
  'overwrites when it creates': [
    inner => like(inner, {
      replace: async (key, expected, next) => expected === null && next !== null
        ? await overwrite(inner, key, next)
        : await inner.replace(key, expected, next)
    }),
    {
      'a document is created once':
        'resolved true, but revision 5 is stored: it should have changed nothing and resolved false.'
    }
  ],
  'creates when it replaces': [
    inner => like(inner, {
      replace: async (key, expected, next) => await inner.get(key) === null
        ? await overwrite(inner, key, next)
        : await inner.replace(key, expected, next)
    }),
    {
      'a key that was never written has no document': 'Look for: an upsert where replace should only update',
      'a deleted document stays deleted: a write that expects its revision fails':
        'resolved true, but nothing is stored under this key: it should have changed nothing'
    }
  ],
  'deletes whatever is there': [
    inner => like(inner, {
      replace: async (key, expected, next) => next === null && expected !== null
        ? await overwrite(inner, key, null)
        : await inner.replace(key, expected, next)
    }),
    {
      'a write that expects another revision changes nothing':
        'null) resolved true, but revision 0 is stored',
      'of a simultaneous deletion and replacement, one wins':
        'Look for: a deletion that doesn\'t compare the revision'
    }
  ],
  'remembers the revision of what was deleted': [
    inner => {
      const deleted = new Map<string, number>()
      return like(inner, {
        async replace (key, expected, next) {
          if (expected !== null && deleted.get(key) === expected) return await overwrite(inner, key, next)
          if (expected !== null && next === null) deleted.set(key, expected)
          return await inner.replace(key, expected, next)
        }
      })
    },
    {
      'a deleted document stays deleted: a write that expects its revision fails':
        'a deletion that only marks the row and keeps its revision'
    }
  ],
  'takes absence for a conflict': [
    inner => like(inner, {
      replace: async (key, expected, next) =>
        (expected !== null || next !== null) && await inner.replace(key, expected, next)
    }),
    {
      'replacing absence by absence resolves true and changes nothing; where a document is stored it resolves false':
        'null, null) resolved false, but nothing is stored under this key: it should have resolved true.'
    }
  ],
  'creates and never replaces': [
    inner => like(inner, {
      replace: async (key, expected, next) => expected === null && await inner.replace(key, expected, next)
    }),
    {
      'replace resolves only true or false, and get only a document or null':
        'resolved false, but revision 1 is stored: it should have resolved true.'
    }
  ],
  'compares revisions of 32 bits': [
    inner => like(inner, {
      async replace (key, expected, next) {
        const revision = (await inner.get(key))?.revision ?? null
        const equal = expected !== null && revision !== null && (expected | 0) === (revision | 0)
        return await inner.replace(key, equal ? revision : expected, next)
      }
    }),
    {
      'a write that expects another revision changes nothing': 'it needs exact integers up to 2^53 - 1'
    }
  ],
  'counts revisions by itself': [
    inner => like(inner, {
      replace: async (key, expected, next) =>
        await inner.replace(key, expected, next && { ...next, revision: (expected ?? 0) + 1 })
    }),
    {
      'the revision is the one in the document, however far from the last one':
        'differs in "revision" from the one that was written last: written 5, read 1.'
    }
  ],
  'refuses at times': [
    inner => {
      let asked = 0
      return like(inner, {
        replace: async (key, expected, next) => ++asked % 9 !== 0 && await inner.replace(key, expected, next)
      })
    },
    {
      'any sequence of reads and writes on two instances keeps the contract':
        'Look for: a false that isn\'t a lost race'
    }
  ],
  'forgets a document for one read': [
    inner => {
      let asked = 0
      return like(inner, { get: async key => ++asked % 7 === 0 ? null : await inner.get(key) })
    },
    {
      'no update is lost': 'resolved null, but the document was never deleted.'
    }
  ],
  'refuses always': [
    inner => like(inner, {
      replace: async (key, expected, next) => expected === null && await inner.replace(key, expected, next)
    }),
    {
      'no update is lost': 'replace resolved false more often than other writers can have won.'
    }
  ],
  'remembers what it has read': [
    inner => {
      const seen = new Map<string, Entity | null>()
      return like(inner, {
        async get (key) {
          const kept = seen.get(key) ?? await inner.get(key)
          seen.set(key, kept)
          return kept
        },
        async replace (key, expected, next) {
          seen.delete(key)
          return await inner.replace(key, expected, next)
        }
      })
    },
    {
      'a write on one instance is read by the other at once': 'Look for: a cache before the database',
      'a factor that was removed on one instance approves nothing on the other':
        'was answered approved, instead of ERR_TOTP_NOT_ENROLLED.'
    }
  ],
  'remembers absence': [
    inner => {
      const absent = new Set<string>()
      return like(inner, {
        async get (key) {
          if (absent.has(key)) return null
          const kept = await inner.get(key)
          if (kept === null) absent.add(key)
          return kept
        },
        async replace (key, expected, next) {
          absent.delete(key)
          return await inner.replace(key, expected, next)
        }
      })
    },
    {
      'a write on one instance is read by the other at once':
        'resolved null, but {"revision":1,"content":null} was written.'
    }
  ],
  'reads from a replica that is behind': [
    inner => {
      const replica = new Map<string, Entity | null>()
      return like(inner, {
        async get (key) {
          const behind = replica.get(key)
          replica.set(key, await inner.get(key))
          return behind === undefined ? await inner.get(key) : behind
        }
      })
    },
    {
      'a write on one instance is read by the other at once': 'a read replica',
      'a factor that was removed on one instance approves nothing on the other':
        'Look for: a cache before the database, a read replica'
    }
  ],
  'keeps what no other instance sees': [
    () => memoryStore(),
    {
      'a write on one instance is read by the other at once': 'or documents kept in the process'
    }
  ],
  'resolves 1 for true': [
    inner => like(inner, {
      replace: async (key, expected, next) => untyped(await inner.replace(key, expected, next) ? 1 : false)
    }),
    {
      'replace resolves only true or false, and get only a document or null':
        'resolved 1, but nothing is stored under this key: it should have resolved true.',
      'of many simultaneous creations of a document, one wins':
        'replace resolved 1, which is neither true nor false.'
    }
  ],
  'resolves undefined for null': [
    inner => like(inner, { get: async key => untyped(await inner.get(key) ?? undefined) }),
    {
      'replace resolves only true or false, and get only a document or null':
        'resolved undefined, but nothing is stored under this key: it should be null.'
    }
  ],
  'folds case': [
    renaming(key => key.toLowerCase()),
    {
      'keys that differ only in case are different keys': 'alice": the store takes these two keys for one.'
    }
  ],
  'trims keys': [
    renaming(key => key.trimEnd()),
    {
      'keys that differ only in white space are different keys':
        'Look for: a column whose collation ignores case, accents, trailing blanks'
    }
  ],
  'normalizes Unicode': [
    renaming(key => key.normalize('NFC')),
    {
      'keys that differ only in their Unicode form are different keys':
        'don\'t trim, lower or normalize keys'
    }
  ],
  'decodes keys': [
    renaming(key => key.replace(/%2f/gi, '/')),
    {
      'keys of which one is a prefix of another are different keys':
        'URLs or object properties without escaping'
    }
  ],
  'drops quotes': [
    renaming(key => key.replaceAll("'", '')),
    {
      'keys that are special in another language are only keys': 'or in SQL without parameters'
    }
  ],
  'cuts keys': [
    renaming(key => key.slice(0, 255)),
    {
      'keys of the longest identities are kept whole': 'a key column that is too short'
    }
  ],
  'drops the door': [
    renaming(key => key.slice(key.indexOf(':'))),
    {
      'keys of different namespaces are different keys': 'drops the part of a key before its colon'
    }
  ],
  'knows no characters of four bytes': [
    recasting(value => typeof value === 'string' ? value.replace(/[\u{10000}-\u{10ffff}]/gu, '?') : value),
    {
      'text is read as it was written':
        'in "content[4]" from the one that was written last: written "\\ud83d\\udd11", read "?".'
    }
  ],
  'rounds big numbers': [
    recasting(value => typeof value === 'number' ? Number(value.toPrecision(14)) : value),
    {
      'numbers are read as they were written': 'written 281474976710655, read 281474976710660.'
    }
  ],
  'takes empty lists for objects': [
    recasting(value => Array.isArray(value) && value.length === 0 ? {} : value),
    {
      'empty lists, empty objects, null, true and false are read as they were written':
        'differs in "content[0]" from the one that was written last: written [], read {}.'
    }
  ],
  'takes null for zero': [
    recasting(value => value ?? 0),
    {
      'empty lists, empty objects, null, true and false are read as they were written':
        'differs in "content[4][0]" from the one that was written last: written null, read 0.'
    }
  ],
  'has names with a meaning': [
    recasting(value => isObject(value) && !Array.isArray(value) ? Object.assign({}, value) : value),
    {
      'any text may be the name of a property':
        'differs in "content.__proto__" from the one that was written last: written 5, read undefined.'
    }
  ],
  'is flat': [
    recasting(value => depthOf(value) > 20 ? '…' : value),
    {
      'a document may be nested 24 levels deep': 'Look for: a limit of the database or mapper on nesting'
    }
  ],
  'has columns of 64 KiB': [
    inner => like(inner, {
      async replace (key, expected, next) {
        if (JSON.stringify(next).length > 65_535) throw new Error('data too long')
        return await inner.replace(key, expected, next)
      }
    }),
    {
      'a document may have 160 KiB': 'characters)) rejected: data too long'
    }
  ],
  'gives away its own objects': [
    inner => {
      const own = new Map<string, Entity>()
      return like(inner, {
        async get (key) {
          const kept = await inner.get(key)
          if (kept === null) return null
          const given = own.get(key + kept.revision) ?? structuredClone(kept)
          own.set(key + kept.revision, given)
          return given
        }
      })
    },
    {
      'changing an object that was written or read doesn\'t change the store':
        'in "revision" from the one that was written last: written 1, read 3.'
    }
  ],
  'keeps the objects of others': [
    inner => {
      const theirs = new Map<string, Entity>()
      return like(inner, {
        get: async key => structuredClone(theirs.get(key)) ?? null,
        async replace (key, expected, next) {
          const won = await inner.replace(key, expected, next)
          if (won && next !== null) theirs.set(key, next)
          return won
        }
      })
    },
    {
      'changing an object that was written or read doesn\'t change the store':
        'a Map that keeps the objects themselves'
    }
  ],
  'lists keys as bytes': [
    inner => like(inner, {
      list: async (after, limit) => untyped((await inner.list(after, limit)).map(key => Buffer.from(key)))
    }),
    {
      'a list returns every key once, whatever the size of its pages':
        'list(undefined, 1) returned {"type":"Buffer","data":['
    }
  ],
  'lists nothing at all': [
    inner => like(inner, { list: async () => untyped(undefined) }),
    {
      'a list returns every key once, whatever the size of its pages':
        'list(undefined, 1) returned undefined, which isn\'t a list.'
    }
  ],
  'lists nothing after a deleted key': [
    inner => like(inner, {
      list: async (after, limit) =>
        after === undefined || await inner.get(after) !== null ? await inner.list(after, limit) : []
    }),
    {
      'a list has a fixed order, and continues after a key that was deleted': 'of one page: nothing instead of "identity:'
    }
  ],
  'loses big documents': [
    inner => like(inner, {
      replace: async (key, expected, next) =>
        JSON.stringify(next).length > 65_535 || await inner.replace(key, expected, next)
    }),
    { 'a document may have 160 KiB': 'resolved null, but {"revision":1,"content":["' }
  ],
  'takes an error for a lost race': [
    inner => like(inner, {
      async replace (key, expected, next) {
        try {
          if (JSON.stringify(next).length > 65_535) throw new Error('data too long')
          return await inner.replace(key, expected, next)
        } catch {
          return false
        }
      }
    }),
    { 'a document may have 160 KiB': 'resolved false, but nothing is stored under this key: it should have resolved true.' }
  ],
  'reads dots in names as paths': [
    recasting(value => isObject(value) && 'a.b' in value ? { ...value, 'a.b': undefined, a: { b: 3 } } : value),
    { 'any text may be the name of a property': 'differs in "content["a.b"]" from the one that was written last: written 3,' }
  ],
  'lists a key again': [
    inner => like(inner, {
      async list (after, limit) {
        const keys = await inner.list(after, limit)
        return after === undefined ? keys : [after, ...keys].slice(0, limit)
      }
    }),
    {
      'a list returns every key once, whatever the size of its pages': 'a second time.'
    }
  ],
  'forgets a key between pages': [
    inner => like(inner, {
      async list (after, limit) {
        const skipped = after === undefined ? 0 : 1
        return (await inner.list(after, limit + skipped)).slice(skipped)
      }
    }),
    {
      'a list returns every key once, whatever the size of its pages': 'left out '
    }
  ],
  'leaves room on a page': [
    inner => like(inner, { list: async (after, limit) => await inner.list(after, Math.min(limit, 5)) }),
    {
      'a list returns every key once, whatever the size of its pages': 'a limit that is ignored or lowered'
    }
  ],
  'lists everything on one page': [
    inner => like(inner, { list: async after => await inner.list(after, Infinity) }),
    {
      'a list returns every key once, whatever the size of its pages': 'keys, more than its limit.'
    }
  ],
  'lists in an order of its own': [
    inner => {
      const backwards = instances++ % 2 === 1
      return like(inner, {
        async list (after, limit) {
          if (!backwards) return await inner.list(after, limit)
          const keys = (await inner.list(undefined, Infinity)).reverse()
          return keys.filter(key => after === undefined || key < after).slice(0, limit)
        }
      })
    },
    {
      'a list has a fixed order, and continues after a key that was deleted':
        'list returned other keys on pages of 5 on the other instance than in the order of one page'
    }
  ],
  'has to find a key to go on behind it': [
    inner => like(inner, {
      async list (after, limit) {
        const keys = await inner.list(undefined, Infinity)
        return keys.slice(keys.indexOf(after ?? '') + 1).slice(0, limit)
      }
    }),
    {
      'a list has a fixed order, and continues after a key that was deleted': 'after the deleted key'
    }
  ]
}

const BROKEN = 'a broken connection is a rejection, never false or null'
const failing: Full = {
  get: async () => { throw new Error('connection lost') },
  replace: async () => { throw new Error('connection lost') },
  list: async () => { throw new Error('connection lost') }
}

/** Answers that a store might give instead of failing, and must not. */
const EXCUSES: Readonly<Record<string, readonly [store: EntityStore, told: string]>> = {
  'resolves false when it failed': [
    { ...failing, replace: async () => false },
    'replace("identity:alice", null, {"revision":1,"content":null}) resolved false'
  ],
  'resolves true when it failed': [
    { ...failing, replace: async () => true },
    'replace("identity:alice", null, {"revision":1,"content":null}) resolved true'
  ],
  'resolves null when it failed': [
    { ...failing, get: async () => null },
    'get("identity:alice") resolved null'
  ],
  'lists nothing when it failed': [
    { ...failing, list: async () => [] },
    'list(undefined, 1) resolved []'
  ],
  'rejects all but what changes nothing': [
    {
      ...failing,
      replace: async (_key, expected, next) => expected === next || await failing.replace('', expected, next)
    },
    'replace("identity:alice", null, null) resolved true'
  ]
}

/** Every failure tells the fault, the rule, what to look for, and the calls that led there, if any did. */
const FAILURE = new RegExp([
  /^[^\n]+/,
  /Rule \d of docs\/own-store\.md: [^\n]+/,
  /Look for: [^\n]+(?:\nThe (?:last 8 of \d+ )?calls that led there:(?:\n {2}(?:first|second) instance: [^\n]+)+)?/,
  /\(seed \d+, keys of suite-[0-9a-f]{12}\)$/
].map(({ source }) => source).join('\n'))

for (const [mistake, [make, told]] of Object.entries(MISTAKES)) {
  t.test(`the author of a store that ${mistake} is told so`, async t => {
    const inner = memoryStore()
    const failures = await failuresOf({ factory: () => make(inner) }, Object.keys(told))
    for (const [guarantee, words] of Object.entries(told)) {
      const message = failures.get(guarantee)?.message
      t.match(message, FAILURE, guarantee)
      t.match(message, words, guarantee)
    }
  })
}

for (const [excuse, [store, call]] of Object.entries(EXCUSES)) {
  t.test(`the author of a store that ${excuse} is told so`, async t => {
    const inner = memoryStore()
    const failures = await failuresOf({ factory: () => inner, broken: () => store }, [BROKEN])
    t.equal(failures.get(BROKEN)?.message, `${call} on a broken connection, where it should have rejected.\n` +
      'Rule 4 of docs/own-store.md: Only a lost race is false.\n' +
      'Look for: a catch that returns null, false or an empty list, an error that is only logged, or a client that ' +
      'queues writes while it is offline.')
  })
}

t.test('for every guarantee there is a mistake that breaks it', async t => {
  const inner = memoryStore()
  const guarantees = collected({ factory: () => inner, broken: () => failing }).map(([name]) => name)
  const breakable = new Set([...Object.values(MISTAKES).flatMap(([, told]) => Object.keys(told)), BROKEN])
  t.same(guarantees.toSorted(), [...breakable].sort())
})

t.test('a store that keeps its guarantees passes, and the suite deletes its documents', async t => {
  const inner = memoryStore()
  let opened = 0
  const factory = async () => {
    opened++
    return like(inner, {})
  }
  t.same([...await failuresOf({ factory, broken: async () => failing })], [])
  t.equal(opened, 2)
  t.same(await inner.list(undefined, 1), [])
})

t.test('a store may have no list, and may have other documents', async t => {
  const { get, replace } = memoryStore()
  const broken = { get: failing.get, replace: failing.replace }
  t.same([...await failuresOf({ factory: () => ({ get, replace }), broken: () => broken })], [])
  const inner = memoryStore()
  const others = ['a', 'identity:', 'identity:suite', 'identity:suite-zzz', 'z'].sort()
  for (const key of others) await inner.replace(key, null, entityWith())
  t.same([...await failuresOf({ factory: () => inner })], [])
  t.same(await inner.list(undefined, 100), others)
})

t.test('the tests may all run at the same time', async t => {
  const inner = memoryStore()
  const runs = collected({ factory: () => inner }).map(async ([name, run]) => await run({ task: { name } }))
  await t.resolves(Promise.all(runs))
  t.same(await inner.list(undefined, 1), [])
})

t.test('a failure has its cause and its seed, and the seed reproduces it', async t => {
  const [make] = MISTAKES['refuses at times'] ?? []
  const guarantee = 'any sequence of reads and writes on two instances keeps the contract'
  const failure = async (seed: number) => {
    const inner = memoryStore()
    const failures = await failuresOf({ factory: () => make?.(inner) ?? inner, seed }, [guarantee])
    return failures.get(guarantee)
  }
  const first = await failure(7)
  t.match(first?.message, /\n\(seed 7, keys of suite-[0-9a-f]{12}\)$/)
  t.match(first?.cause, { name: 'BrokenGuarantee' })
  const what = (failure: Error | undefined) => failure?.message.replace(/suite-[0-9a-f]{12}/g, '')
  t.equal(what(await failure(7)), what(first))
})

t.test('an error of the factory fails every test, unchanged', async t => {
  const factory = () => { throw new Error('no database') }
  const failures = await failuresOf({ factory })
  t.equal(failures.size, collected({ factory }).length)
  for (const failure of failures.values()) t.equal(failure.message, 'no database')
})

t.test('a value that a store throws is the cause, even if it isn\'t an error', async t => {
  const inner = memoryStore()
  const lost = like(inner, { get: async () => untyped(await Promise.reject('lost')) }) // eslint-disable-line prefer-promise-reject-errors -- other people's code
  const failures = await failuresOf({ factory: () => lost }, ['a key that was never written has no document'])
  t.match([...failures.values()], [{ message: /^lost\nRule 1 .*\n {2}first instance: get\(.*\) rejected: lost\n\(seed /s, cause: 'lost' }])
})

t.test('it runs with node:test', async t => {
  const folder = mkdtempSync(fileURLToPath(new URL('../.suite-', import.meta.url)))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const program = (store: string) => `
    import { test } from 'node:test'
    import { memoryStore } from 'fastify-verify-totp'
    import { storeSuite } from 'fastify-verify-totp/testing'
    const { get, replace } = memoryStore()
    storeSuite({ test, factory: () => (${store}), seed: 42 })`
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env
  const run = (name: string, store: string) => {
    const file = join(folder, name)
    writeFileSync(file, program(store))
    return spawnSync(process.execPath, ['--test-reporter=tap', file], { env, encoding: 'utf8' })
  }
  const good = run('good.mjs', '{ get, replace }')
  t.match(good.stdout, `# pass ${collected({ factory: () => memoryStore() }).length}\n`)
  t.equal(good.status, 0)
  const bad = run('bad.mjs', '{ get: async key => await get(key) ?? undefined, replace }')
  t.match(bad.stdout, /^not ok 1 - a key that was never written has no document$/m)
  t.match(bad.stdout, 'seed 42')
  t.equal(bad.status, 1)
})
