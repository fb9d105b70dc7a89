import t from 'tap'
import { documentsIn, type DocumentsOptions } from '../../src/documents/documents.js'
import type { Entity } from '../../src/index.js'
import { memoryStore } from '../../src/stores/memory.js'
import { faultyStore } from '../faulty-store.js'

interface Counter {
  readonly revision: number
  readonly count: number
}

const unfit = { message: 'a negative count' }

/** Counters that must not be negative. */
function counters (store: DocumentsOptions<Counter>['store']) {
  return documentsIn<Counter>({
    store,
    check (_key, stored) {
      const { revision, count } = Object(stored)
      if (typeof revision === 'number' && typeof count === 'number' && count >= 0) return { revision, count }
      throw new Error(unfit.message)
    },
    clock: () => 1_800_000_000,
    timeout: 5,
    backOff: async () => {}
  })
}

t.test('a document that couldn\'t be read again is not written, and the one that is there stays', async t => {
  const store = memoryStore<Counter>()
  let writes = 0
  const documents = counters({
    get: async key => await store.get(key),
    replace: async (key, expected, next) => {
      writes++
      return await store.replace(key, expected, next)
    }
  })
  const negative = (document: Counter | null) => ({ next: { revision: 1, ...document, count: -1 }, answer: 'written' })
  await t.rejects(documents.change('counter', negative), unfit, 'a new document')
  t.equal(await store.get('counter'), null)

  t.equal(await documents.change('counter', () => ({ next: { revision: 7, count: 1 }, answer: 'written' })), 'written')
  await t.rejects(documents.change('counter', negative), unfit, 'a document in the place of another one')
  t.same(await store.get('counter'), { revision: 7, count: 1 })
  t.equal(writes, 1)
})

t.test('what a decision inherits is neither written nor answered', async t => {
  const store = faultyStore()
  const documents = documentsIn<Entity>({
    store,
    check: (_key, stored) => Object(stored),
    clock: () => 1_800_000_000,
    timeout: 5,
    backOff: async () => {}
  })
  const decision = Object.assign(Object.create({ next: null }), { answer: 'read' })
  t.equal(await documents.change('identity:alice', () => decision), 'read')
  t.equal(store.calls, 1, 'a read, and no write')
})
