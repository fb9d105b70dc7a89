import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { settingsOf } from '../../src/options.js'
import { testClock } from '../../src/testing.js'
import { KEY } from '../site.js'

t.test('a test clock stands until it is moved, forward or back', async t => {
  const clock = testClock(1_700_000_000.5)
  t.equal(clock(), 1_700_000_000.5)
  t.equal(clock(), 1_700_000_000.5)
  clock.advance(90)
  t.equal(clock(), 1_700_000_090.5)
  clock.advance(-90.5)
  t.equal(clock(), 1_700_000_000)
  t.equal(settingsOf({ issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => null, clock }).clock, clock)
})

t.test('it begins with a time step of any usual length', async t => {
  for (const timeStep of [15, 20, 30, 60, 120]) t.equal(testClock()() % timeStep, 0, String(timeStep))
})

t.test('milliseconds, and anything else that is no time, are refused where they are given', async t => {
  for (const start of [Date.now(), NaN, -1]) t.throws(() => testClock(start), { message: /must return Unix seconds/ })
  const clock = testClock()
  for (const seconds of [Date.now(), NaN, -2e9]) {
    t.throws(() => clock.advance(seconds), { message: /must return Unix seconds/ })
  }
  t.equal(clock(), testClock()(), 'and the clock stays')
})
