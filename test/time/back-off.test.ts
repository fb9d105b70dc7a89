import t from 'tap'
import { jitter } from '../../src/time/back-off.js'

t.test('a lost race waits before the next try', async t => {
  t.equal(await jitter(1), undefined)
})
