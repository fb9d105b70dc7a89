import type { Test } from 'tap'
import type { Entity } from '../../src/entity/entity.js'
import type { EntityStore } from '../../src/stores/store.js'
import { entityWith } from '../entity/documents.js'

/** Keys that a database may find equal, cut, or take for something else. */
const AWKWARD = [
  'identity:alice', 'identity:Alice', 'identity:alice ', 'identity: alice', 'identity:alice\t', 'identity:',
  'identity:a:b', 'identity:a', 'identity:\u00e9', 'identity:e\u0301', 'identity:ß', 'identity:ss', 'identity:ı',
  'identity:i', 'identity:I', 'identity:\u200d', 'identity:a/b', 'identity:a%2fb', 'identity:%', 'identity:_',
  'identity:__proto__', 'identity:constructor', "identity:o'brien", 'identity:"', 'identity:\\', 'identity:\n',
  "identity:'); DROP TABLE totp_entities; --", 'identity:$1', 'identity:?', 'identity:🔑', 'identity:\uffff',
  `identity:${'a'.repeat(256)}`, `identity:${'a'.repeat(255)}b`, `identity:${'é'.repeat(128)}`, 'challenge:alice'
]

/** What every store promises; `open` gives an empty one. */
export function promises (t: Test, open: () => Promise<Required<EntityStore>>): void {
  t.test('what was never kept is absent', async t => {
    const store = await open()
    t.equal(await store.get('identity:alice'), null)
    t.equal(await store.replace('identity:alice', 1, document(2)), false)
    t.equal(await store.replace('identity:alice', 1, null), false)
    t.equal(await store.replace('identity:alice', null, null), true, 'absence in the place of absence')
    t.equal(await store.get('identity:alice'), null)
  })

  t.test('a document is created once', async t => {
    const store = await open()
    const first = document(5)
    t.equal(await store.replace('identity:alice', null, first), true)
    t.equal(await store.replace('identity:alice', null, document(6)), false)
    t.equal(await store.replace('identity:alice', null, null), false)
    t.same(await store.get('identity:alice'), first)
  })

  t.test('of many that create a document at once one wins', async t => {
    const store = await open()
    const wins = await Promise.all(Array.from({ length: 50 }, async (_, revision) =>
      await store.replace('identity:alice', null, document(revision)) ? [revision] : []))
    t.equal(wins.flat().length, 1)
    t.same([(await store.get('identity:alice'))?.revision], wins.flat())
  })

  t.test('of many that replace a revision at once one wins', async t => {
    const store = await open()
    await store.replace('identity:alice', null, document(1000))
    const wins = await Promise.all(Array.from({ length: 50 }, async (_, generation) =>
      await store.replace('identity:alice', 1000, { ...document(1001), generation }) ? [generation] : []))
    t.equal(wins.flat().length, 1)
    t.same([(await store.get('identity:alice'))?.generation], wins.flat())
  })

  t.test('no update is lost', async t => {
    const store = await open()
    await store.replace('identity:alice', null, { ...document(0), generation: 0 })
    await Promise.all(Array.from({ length: 5 }, async () => {
      for (let done = 0; done < 20;) {
        const kept = await store.get('identity:alice')
        if (kept === null) return
        const next = { ...kept, revision: kept.revision + 1, generation: kept.generation + 1 }
        if (await store.replace('identity:alice', kept.revision, next)) done++
      }
    }))
    const { revision, generation } = await store.get('identity:alice') ?? document(-1)
    t.same({ revision, generation }, { revision: 100, generation: 100 })
  })

  t.test('another revision than the one that is there changes nothing', async t => {
    const store = await open()
    const kept = document(2 ** 48)
    await store.replace('identity:alice', null, kept)
    for (const expected of [0, 1, 2 ** 48 - 1, 2 ** 48 + 1, Number.MAX_SAFE_INTEGER]) {
      t.equal(await store.replace('identity:alice', expected, document(expected)), false)
      t.equal(await store.replace('identity:alice', expected, null), false)
    }
    t.same(await store.get('identity:alice'), kept)
  })

  t.test('of a deletion and a replacement at once one wins', async t => {
    const store = await open()
    for (let round = 0; round < 10; round++) {
      const key = `identity:${round}`
      await store.replace(key, null, document(1))
      const nexts = round % 2 === 0 ? [null, document(2)] : [document(2), null]
      const wins = await Promise.all(nexts.map(async next => await store.replace(key, 1, next)))
      t.same([...wins].sort(), [false, true])
      t.equal((await store.get(key))?.revision, nexts[wins.indexOf(true)]?.revision)
    }
  })

  t.test('what was deleted is absent, and a write from before does not come back', async t => {
    const store = await open()
    await store.replace('identity:alice', null, document(7))
    t.equal(await store.replace('identity:alice', 7, null), true)
    t.equal(await store.get('identity:alice'), null)
    t.equal(await store.replace('identity:alice', 7, document(8)), false)
    t.equal(await store.replace('identity:alice', 7, null), false)
    t.equal(await store.replace('identity:alice', null, document(9)), true)
    t.equal(await store.replace('identity:alice', 7, document(8)), false)
    t.equal((await store.get('identity:alice'))?.revision, 9)
  })

  t.test('keys are kept apart to the byte', async t => {
    const store = await open()
    for (const [revision, key] of AWKWARD.entries()) {
      t.equal(await store.replace(key, null, document(revision)), true, `key ${revision}`)
    }
    const revisions = await Promise.all(AWKWARD.map(async key => (await store.get(key))?.revision))
    t.same(revisions, [...AWKWARD.keys()])
    await store.replace('identity:alice', 0, null)
    t.equal(await store.get('identity:alice'), null)
    t.equal((await store.get('identity:Alice'))?.revision, 1)
  })

  t.test('a document is read as it was written', async t => {
    const store = await open()
    const names = ['🔑', '𝟏', '\u202e', '"', "'", '\\', '\\u0041', '{"a":1}', '$1', '\u2028', '__proto__']
    for (const [revision, identity] of names.entries()) {
      const kept = { ...document(revision), identity, generation: 2 ** 53 - 1 }
      await store.replace(`identity:${identity}`, null, kept)
      t.same(await store.get(`identity:${identity}`), kept)
    }
  })

  t.test('nobody holds an object that is also in the store', async t => {
    const store = await open()
    const given = { ...document(1), ended: [] }
    await store.replace('identity:alice', null, given)
    Reflect.set(given, 'generation', 1)
    const taken = await store.get('identity:alice')
    Reflect.set(taken ?? {}, 'generation', 2)
    Reflect.set(taken?.attempts ?? {}, 'failures', 2)
    const kept = await store.get('identity:alice')
    t.equal(kept?.generation, 77)
    t.equal(kept?.attempts.failures, 0)
    t.ok(kept !== taken)
  })

  t.test('a list gives each key once, page by page', async t => {
    const store = await open()
    t.same(await store.list(undefined, 10), [])
    for (const key of AWKWARD) await store.replace(key, null, document(1))
    for (const size of [1, 7, AWKWARD.length, 1000]) {
      const found: string[] = []
      let page = await store.list(undefined, size)
      while (page.length > 0) {
        t.ok(page.length <= size)
        found.push(...page)
        page = await store.list(page.at(-1), size)
      }
      t.same([...found].sort(), [...AWKWARD].sort(), `in pages of ${size}`)
      t.equal(new Set(found).size, found.length)
    }
  })
}

/** A document of a revision, the smallest there is. */
function document (revision: number): Entity {
  return { ...entityWith(), revision, generation: 77 }
}
