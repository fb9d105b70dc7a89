import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { storeSuite } from '../../src/store-suite.js'

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
