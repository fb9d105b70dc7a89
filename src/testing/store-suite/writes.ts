import assert from 'node:assert/strict'
import { alternating, note, type Note, type Promises } from './trial.js'

/**
 * Revisions begin at random below 2^48: beyond 32-bit integers, and beyond what 32-bit floats can tell apart.
 */
const FAR = 2 ** 48

const MANY = 50
const WORKERS = 5
const INCREMENTS = 20

/** Every rule of this package relies on this: a write replaces exactly the revision that was read, once. */
export const writes: Promises = {
  async 'a key that was never written has no document' ({ one, two, key }) {
    const alice = key('alice')
    assert.equal(await one.get(alice), null)
    assert.equal(await one.replace(alice, 1, note(2)), false)
    assert.equal(await one.replace(alice, 1, null), false)
    assert.equal(await two.get(alice), null)
  },

  async 'replacing absence by absence resolves true and changes nothing; where a document is stored it resolves false' (
    { one, two, key }
  ) {
    const alice = key('alice')
    assert.equal(await one.replace(alice, null, null), true)
    assert.equal(await two.get(alice), null)
    assert.equal(await one.replace(alice, null, note(5)), true)
    assert.equal(await two.replace(alice, null, null), false)
    assert.deepEqual(await one.get(alice), note(5))
  },

  async 'a document is created once' ({ one, two, key }) {
    const alice = key('alice')
    assert.equal(await one.replace(alice, null, note(5, 'first')), true)
    assert.equal(await one.replace(alice, null, note(5, 'second')), false)
    assert.equal(await two.replace(alice, null, note(6, 'third')), false)
    assert.deepEqual(await two.get(alice), note(5, 'first'))
  },

  async 'of many simultaneous creations of a document, one wins' (trial) {
    const alice = trial.key('alice')
    const won = await alternating(trial, MANY, async (store, index) =>
      await store.replace(alice, null, note(index)))
    assert.equal(won.filter(Boolean).length, 1, `${won.filter(Boolean).length} of ${MANY} creations won`)
    assert.deepEqual(await trial.one.get(alice), note(won.indexOf(true)))
  },

  async 'of many simultaneous replacements of a revision, one wins' (trial) {
    const alice = trial.key('alice')
    await trial.one.replace(alice, null, note(1))
    const won = await alternating(trial, MANY, async (store, index) =>
      await store.replace(alice, 1, note(2, index)))
    assert.equal(won.filter(Boolean).length, 1, `${won.filter(Boolean).length} of ${MANY} replacements won`)
    assert.deepEqual(await trial.one.get(alice), note(2, won.indexOf(true)))
  },

  async 'no update is lost' (trial) {
    const alice = trial.key('alice')
    const all = WORKERS * INCREMENTS
    await trial.one.replace(alice, null, note(0, 0))
    await alternating(trial, WORKERS, async store => {
      let done = 0
      // Each lost race is a write that another worker won, and they write less often than this in all.
      for (let tries = 0; tries < all && done < INCREMENTS; tries++) {
        const kept = await store.get(alice)
        assert.ok(kept !== null, 'a document is gone that was never deleted')
        const next = note(kept.revision + 1, Number(kept.content) + 1)
        if (await store.replace(alice, kept.revision, next)) done++
      }
      assert.equal(done, INCREMENTS, 'updates lost more races than others can have won')
    })
    assert.deepEqual(await trial.two.get(alice), note(all, all))
  },

  async 'a write that expects another revision changes nothing' ({ one, two, key }) {
    for (const revision of [0, 5, FAR, Number.MAX_SAFE_INTEGER - 1]) {
      const alice = key(`alice ${revision}`)
      const others = [revision + 1, revision === 0 ? FAR : revision - 1, revision % FAR + 2 ** 32, 7]
      await one.replace(alice, null, note(revision, 'kept'))
      for (const expected of others) {
        assert.equal(await one.replace(alice, expected, note(expected)), false, `${expected} for ${revision}`)
        assert.equal(await two.replace(alice, expected, null), false, `${expected} for ${revision}`)
      }
      assert.deepEqual(await one.get(alice), note(revision, 'kept'))
    }
  },

  async 'the revision is the one in the document, however far from the last one' ({ one, two, key }) {
    const alice = key('alice')
    let last: number | null = null
    for (const revision of [5, 6, FAR, 2 ** 31, 2 ** 32 + 5, 0, Number.MAX_SAFE_INTEGER]) {
      assert.equal(await one.replace(alice, last, note(revision)), true, `${revision} in the place of ${last}`)
      assert.deepEqual(await two.get(alice), note(revision))
      last = revision
    }
  },

  async 'of a simultaneous deletion and replacement, one wins' (trial) {
    for (let round = 0; round < 10; round++) {
      const alice = trial.key(`alice ${round}`)
      await trial.one.replace(alice, null, note(1))
      const nexts = round % 2 === 0 ? [null, note(2)] : [note(2), null]
      const won = await alternating(trial, 2, async (store, index) =>
        await store.replace(alice, 1, nexts[index] ?? null))
      assert.equal(won.filter(Boolean).length, 1, `${won.filter(Boolean).length} of 2 won`)
      assert.deepEqual(await trial.one.get(alice), nexts[won.indexOf(true)])
    }
  },

  async 'a deleted document stays deleted: a write that expects its revision fails' ({ one, two, key }) {
    const alice = key('alice')
    await one.replace(alice, null, note(7))
    assert.equal(await one.replace(alice, 7, null), true)
    assert.equal(await one.get(alice), null)
    assert.equal(await one.replace(alice, 7, note(8)), false)
    assert.equal(await two.replace(alice, 7, note(8)), false)
    assert.equal(await two.replace(alice, 7, null), false)
    assert.equal(await two.get(alice), null)
    assert.equal(await two.replace(alice, null, note(9)), true)
    assert.equal(await one.replace(alice, 7, note(8)), false)
    assert.deepEqual(await one.get(alice), note(9))
  },

  async 'a write on one instance is read by the other at once' ({ one, two, key }) {
    const alice = key('alice')
    const read = async (expected: Note | null) => {
      for (const store of [two, one, two]) assert.deepEqual(await store.get(alice), expected)
    }
    await read(null)
    await one.replace(alice, null, note(1))
    await read(note(1))
    await one.replace(alice, 1, note(2))
    await read(note(2))
    assert.equal(await two.replace(alice, 1, note(3)), false)
    assert.equal(await two.replace(alice, 2, note(3)), true)
    await read(note(3))
    await one.replace(alice, 3, null)
    await read(null)
    await one.replace(alice, null, note(4))
    await read(note(4))
  },

  async 'replace resolves only true or false, and get only a document or null' (
    { one, two, key }
  ) {
    const alice = key('alice')
    const answers: unknown[] = [
      await one.get(alice),
      await one.replace(alice, 1, note(1)),
      await one.replace(alice, null, null),
      await one.replace(alice, null, note(1)),
      await one.replace(alice, null, note(1)),
      await two.replace(alice, null, null),
      await two.replace(alice, 1, note(2)),
      await two.replace(alice, 1, note(2)),
      await two.replace(alice, 1, null),
      await two.get(alice),
      await one.replace(alice, 2, null),
      await one.replace(alice, 2, null),
      await one.get(alice)
    ]
    assert.deepEqual(answers,
      [null, false, true, true, false, false, true, false, false, note(2), true, false, null])
  },

  async 'any sequence of reads and writes on two instances keeps the contract' ({ one, two, key, random }) {
    const kept = new Map<string, Note>()
    for (let step = 0; step < 100; step++) {
      const store = random(2) === 0 ? one : two
      const name = key(`alice ${random(3)}`)
      const there = kept.get(name)?.revision ?? null
      const expected = [there, there, random(4), null][random(4)] ?? null
      const next = random(3) === 0 ? null : note(random(4), step)
      assert.equal(await store.replace(name, expected, next), expected === there, `step ${step}`)
      if (expected === there) next === null ? kept.delete(name) : kept.set(name, next)
      assert.deepEqual(await store.get(name), kept.get(name) ?? null, `step ${step}`)
    }
  }
}
