import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { storeSuite } from '../../src/testing.js'

t.test('in memory', async t => {
  const store = memoryStore()
  storeSuite({ test: t.test, factory: () => store })
  t.test('nothing is left over', async t => t.same(await store.list(undefined, 1), []))
})

t.test('each store is its own', async t => {
  const store = memoryStore<{ revision: number }>()
  await store.replace('a', null, { revision: 1 })
  t.equal(await memoryStore().get('a'), null)
})

t.test('nobody changes what is kept, not even in a part of what was frozen already', async t => {
  const store = memoryStore<{ revision: number, parts: number[] }>()
  const document = Object.freeze({ revision: 1, parts: [1] })
  await store.replace('a', null, document)
  t.throws(() => document.parts.push(2), TypeError)
  t.same(await store.get('a'), { revision: 1, parts: [1] })
})
