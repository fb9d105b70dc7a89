import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { promises } from './promises.js'

t.test('in memory', async t => promises(t, async () => memoryStore()))

t.test('each store is its own', async t => {
  const store = memoryStore<{ revision: number }>()
  await store.replace('a', null, { revision: 1 })
  t.equal(await memoryStore().get('a'), null)
})
