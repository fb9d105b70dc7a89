import t from 'tap'
import { isFuture, isWithin } from '../../src/time/age.js'

t.test('a beginning is in the future from 31 seconds on', async t => {
  t.notOk(isFuture(1000, 1000))
  t.notOk(isFuture(1030, 1000))
  t.ok(isFuture(1031, 1000))
})

t.test('an age passes from -30 seconds to its limit, both included', async t => {
  t.ok(isWithin(60, 1000, 1000))
  t.ok(isWithin(60, 1000, 1060))
  t.notOk(isWithin(60, 1000, 1061))
  t.ok(isWithin(60, 1030, 1000))
  t.notOk(isWithin(60, 1031, 1000))
  t.notOk(isWithin(60, 1000, 1000 + 10 * 365 * 86400))
})
