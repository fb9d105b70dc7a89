import { BrokenGuarantee, loses, oneWins, reads, wins } from './expectations.js'
import type { Guarantees } from './guarantee.js'
import { RULES } from './rules.js'
import { shownKey } from './shown.js'
import { alternating, note, type Note } from './trial.js'

/**
 * Revisions begin at random below 2^48: beyond 32-bit integers, and beyond what 32-bit floats can tell apart.
 */
const FAR = 2 ** 48

const MANY = 50
const WORKERS = 5
const INCREMENTS = 20

const READ_BEFORE_WRITE = 'a replace that reads, compares and then writes. Let the statement compare, as in UPDATE … ' +
  'WHERE key = ? AND revision = ?, and take its count of changed rows for the answer.'

/** Every rule of this package relies on this: a write replaces exactly the revision that was read, once. */
export const writes: Guarantees = {
  'a key that was never written has no document': {
    rule: RULES.oneStatement,
    lookFor: 'an upsert where replace should only update; undefined, or an empty document, where get should resolve null.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      await reads(one, alice, null)
      await loses(one, alice, 1, note(2), null)
      await loses(one, alice, 1, null, null)
      await reads(two, alice, null)
    }
  },

  'replacing absence by absence resolves true and changes nothing; where a document is stored it resolves false': {
    rule: RULES.oneStatement,
    lookFor: 'a replace without a case of its own for replace(key, null, null). It only asks whether nothing is stored.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      await wins(one, alice, null, null)
      await reads(two, alice, null)
      await wins(one, alice, null, note(5))
      await loses(two, alice, null, null, note(5))
      await reads(one, alice, note(5))
    }
  },

  'a document is created once': {
    rule: RULES.oneStatement,
    lookFor: 'an upsert, or a table without a primary key. Create with an INSERT that fails if the key exists.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      await wins(one, alice, null, note(5, 'first'))
      await loses(one, alice, null, note(5, 'second'), note(5))
      await loses(two, alice, null, note(6, 'third'), note(5))
      await reads(two, alice, note(5, 'first'))
    }
  },

  'of many simultaneous creations of a document, one wins': {
    rule: RULES.oneStatement,
    lookFor: READ_BEFORE_WRITE,

    async verify (trial) {
      const alice = trial.key('alice')
      const won = await alternating(trial, MANY, async (store, index) =>
        await store.replace(alice, null, note(index)))
      await reads(trial.one, alice, note(oneWins(alice, 'creations', won)))
    }
  },

  'of many simultaneous replacements of a revision, one wins': {
    rule: RULES.oneStatement,
    lookFor: READ_BEFORE_WRITE,

    async verify (trial) {
      const alice = trial.key('alice')
      await wins(trial.one, alice, null, note(1))
      const won = await alternating(trial, MANY, async (store, index) =>
        await store.replace(alice, 1, note(2, index)))
      await reads(trial.one, alice, note(2, oneWins(alice, 'replacements', won)))
    }
  },

  'no update is lost': {
    rule: RULES.oneStatement,
    lookFor: READ_BEFORE_WRITE,

    async verify (trial) {
      const alice = trial.key('alice')
      const all = WORKERS * INCREMENTS
      await wins(trial.one, alice, null, note(0, 0))
      await alternating(trial, WORKERS, async store => {
        let done = 0
        // Each lost race is a write that another worker won, and they write less often than this in all.
        for (let tries = 0; tries < all && done < INCREMENTS; tries++) {
          const kept = await store.get(alice)
          if (kept === null) {
            throw new BrokenGuarantee(`get(${shownKey(alice)}) resolved null, but the document was never deleted.`, alice)
          }
          const next = note(kept.revision + 1, Number(kept.content) + 1)
          if (await store.replace(alice, kept.revision, next)) done++
        }
        if (done === INCREMENTS) return
        throw new BrokenGuarantee(
          `${shownKey(alice)}: replace resolved false more often than other writers can have won.`, alice)
      })
      await reads(trial.two, alice, note(all, all))
    }
  },

  'a write that expects another revision changes nothing': {
    rule: RULES.oneStatement,
    lookFor: 'a statement that doesn\'t compare the revision, or a revision in 32 bits: it needs exact integers up to 2^53 - 1.',

    async verify ({ one, two, key }) {
      for (const revision of [0, 5, FAR, Number.MAX_SAFE_INTEGER - 1]) {
        const alice = key(`alice ${revision}`)
        const others = [revision + 1, revision === 0 ? FAR : revision - 1, revision % FAR + 2 ** 32, 7]
        await wins(one, alice, null, note(revision, 'kept'))
        for (const expected of others) {
          await loses(one, alice, expected, note(expected), note(revision))
          await loses(two, alice, expected, null, note(revision))
        }
        await reads(one, alice, note(revision, 'kept'))
      }
    }
  },

  'the revision is the one in the document, however far from the last one': {
    rule: RULES.oneStatement,
    lookFor: 'a revision that the store or the database counts by itself. Store next.revision.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      let last: number | null = null
      for (const revision of [5, 6, FAR, 2 ** 31, 2 ** 32 + 5, 0, Number.MAX_SAFE_INTEGER]) {
        await wins(one, alice, last, note(revision))
        await reads(two, alice, note(revision))
        last = revision
      }
    }
  },

  'of a simultaneous deletion and replacement, one wins': {
    rule: RULES.oneStatement,
    lookFor: 'a deletion that doesn\'t compare the revision; or ' + READ_BEFORE_WRITE,

    async verify (trial) {
      for (let round = 0; round < 10; round++) {
        const alice = trial.key(`alice ${round}`)
        await wins(trial.one, alice, null, note(1))
        const nexts = round % 2 === 0 ? [null, note(2)] : [note(2), null]
        const won = await alternating(trial, 2, async (store, index) =>
          await store.replace(alice, 1, nexts[index] ?? null))
        const winner = oneWins(alice, 'writes', won)
        await reads(trial.one, alice, nexts[winner] ?? null)
      }
    }
  },

  'a deleted document stays deleted: a write that expects its revision fails': {
    rule: RULES.oneStatement,
    lookFor: 'an upsert where replace should only update, or a deletion that only marks the row and keeps its revision.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      await wins(one, alice, null, note(7))
      await wins(one, alice, 7, null)
      await reads(one, alice, null)
      await loses(one, alice, 7, note(8), null)
      await loses(two, alice, 7, note(8), null)
      await loses(two, alice, 7, null, null)
      await reads(two, alice, null)
      await wins(two, alice, null, note(9))
      await loses(one, alice, 7, note(8), note(9))
      await reads(one, alice, note(9))
    }
  },

  'a write on one instance is read by the other at once': {
    rule: RULES.everyWriteIsSeen,
    lookFor: 'a cache before the database, a read replica, a transaction that is still open, or documents kept in the process.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      const read = async (expected: Note | null) => {
        for (const store of [two, one, two]) await reads(store, alice, expected)
      }
      await read(null)
      await wins(one, alice, null, note(1))
      await read(note(1))
      await wins(one, alice, 1, note(2))
      await read(note(2))
      await loses(two, alice, 1, note(3), note(2))
      await wins(two, alice, 2, note(3))
      await read(note(3))
      await wins(one, alice, 3, null)
      await read(null)
      await wins(one, alice, null, note(4))
      await read(note(4))
    }
  },

  'replace resolves only true or false, and get only a document or null': {
    rule: RULES.falseIsALostRace,
    lookFor: 'the answer of a driver handed on as it is: compare its count of rows with 1, and turn a missing row into null.',

    async verify ({ one, two, key }) {
      const alice = key('alice')
      await reads(one, alice, null)
      await loses(one, alice, 1, note(1), null)
      await wins(one, alice, null, null)
      await wins(one, alice, null, note(1))
      await loses(one, alice, null, note(1), note(1))
      await loses(two, alice, null, null, note(1))
      await wins(two, alice, 1, note(2))
      await loses(two, alice, 1, note(2), note(2))
      await loses(two, alice, 1, null, note(2))
      await reads(two, alice, note(2))
      await wins(one, alice, 2, null)
      await loses(one, alice, 2, null, null)
      await reads(one, alice, null)
    }
  },

  'any sequence of reads and writes on two instances keeps the contract': {
    rule: RULES.oneStatement,
    lookFor: 'a false that isn\'t a lost race, or an answer that depends on earlier calls. The same seed repeats them.',

    async verify ({ one, two, key, random }) {
      const kept = new Map<string, Note>()
      for (let step = 0; step < 100; step++) {
        const store = random(2) === 0 ? one : two
        const name = key(`alice ${random(3)}`)
        const there = kept.get(name) ?? null
        const revision = there?.revision ?? null
        const expected = [revision, revision, random(4), null][random(4)] ?? null
        const next = random(3) === 0 ? null : note(random(4), step)
        if (expected === revision) {
          await wins(store, name, expected, next)
          next === null ? kept.delete(name) : kept.set(name, next)
        } else {
          await loses(store, name, expected, next, there)
        }
        await reads(store, name, kept.get(name) ?? null)
      }
    }
  }
}
