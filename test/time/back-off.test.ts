import t from 'tap'
import { jitter } from '../../src/time/back-off.js'

t.test('those who lost a race wait before another try', async t => {
  t.equal(await jitter(1), undefined)
})
