import t from 'tap'
import type { Goal } from './bench/src/row.js'
import { outcomeOf } from './bench/src/rounds.js'

/** Contenders that play the figures they are given, the first of which warms up. */
async function played (figures: Record<string, number[]>, goals: Goal[] = []) {
  const turns: string[] = []
  const contenders = Object.entries(figures).map(([name, left]) => ({
    name,
    async measure () {
      turns.push(name)
      return left.shift() ?? NaN
    }
  }))
  let closed = 0
  const rounds = Math.min(...Object.values(figures).map(({ length }) => length)) - 1
  const outcome = await outcomeOf({
    name: 'row',
    title: 'Row',
    unit: 'µs',
    rounds,
    goals,
    open: async () => ({ contenders, close: async () => { closed++ } })
  })
  t.equal(closed, 1)
  return { outcome, turns }
}

t.test('contenders take turns, and each round begins with another one', async t => {
  const { turns } = await played({ a: [1, 1, 1], b: [1, 1, 1], c: [1, 1, 1] })
  t.equal(turns.join(''), 'abcbcacab')
})

t.test('the first round warms up; of the others the median and the middle half are told', async t => {
  const { outcome: { figures } } = await played({ a: [1000, 5, 1, 2, 4, 3] })
  t.same(figures, [{ name: 'a', median: 3, low: 2, high: 4 }])
})

t.test('a ratio is taken in each round: a machine that gets slower changes none', async t => {
  const drifting = { a: [9, 1, 10, 100], b: [1, 2, 20, 200] }
  const { outcome: { ratios } } = await played(drifting, [{ of: 'a', by: 'b', atMost: 0.5 }])
  t.match(ratios, [{ median: 0.5, low: 0.5, high: 0.5, reached: true }])
})

t.test('a goal is reached or missed, and without one there is nothing to reach', async t => {
  const goals = [
    { of: 'a', by: 'b', atLeast: 2 }, { of: 'a', by: 'b', atLeast: 2.1 }, { of: 'a', by: 'b', atMost: 1.9 },
    { of: 'a', by: 'b', atLeast: 1.9, atMost: 2.1 }, { of: 'a', by: 'b' }
  ]
  const { outcome: { ratios } } = await played({ a: [4, 4], b: [2, 2] }, goals)
  t.same(ratios.map(({ reached }) => reached), [true, false, false, true, null])
})

t.test('a goal about nobody is a mistake', async t => {
  await t.rejects(played({ a: [1, 1] }, [{ of: 'a', by: 'nobody' }]), /no contender is called "nobody"/)
})
