import t from 'tap'
import type { Goal } from './bench/src/row.js'
import { outcomeOf } from './bench/src/rounds.js'

/** Plays contenders that measure the given figures, the first round of which warms up. */
async function play (figures: Record<string, number[]>, goals: Goal[] = [], { turns = 1, cpu = 0 } = {}) {
  const order: string[] = []
  const contenders = Object.entries(figures).map(([name, left]) => ({
    name,
    async measure () {
      order.push(name)
      const figure = left.shift() ?? NaN
      return cpu === 0 ? { figure } : { figure, cpu: figure * cpu }
    }
  }))
  let closed = 0
  const rounds = Math.min(...Object.values(figures).map(({ length }) => length)) / turns - 1
  const outcome = await outcomeOf({
    name: 'row',
    title: 'Row',
    unit: 'µs',
    rounds,
    turns,
    goals,
    open: async () => ({ contenders, close: async () => { closed++ } })
  })
  t.equal(closed, 1)
  return { outcome, order: order.join('') }
}

t.test('contenders take turns, and each round begins with another one', async t => {
  const { order } = await play({ a: [1, 1, 1], b: [1, 1, 1], c: [1, 1, 1] })
  t.equal(order, 'abcbcacab')
})

t.test('the first round warms up; of the others the median and the middle half are told', async t => {
  const { outcome: { figures } } = await play({ a: [1000, 5, 1, 2, 4, 3] })
  t.same(figures, [{ name: 'a', median: 3, low: 2, high: 4 }])
})

t.test('a ratio is taken in each round: a machine that gets slower changes none', async t => {
  const drifting = { a: [9, 1, 10, 100], b: [1, 2, 20, 200] }
  const { outcome: { ratios } } = await play(drifting, [{ of: 'a', to: 'b', atMost: 0.5 }])
  t.match(ratios, [{ median: 0.5, low: 0.5, high: 0.5, reached: true }])
})

t.test('a goal is reached or missed, and without one there is nothing to reach', async t => {
  const goals = [
    { of: 'a', to: 'b', atLeast: 2 }, { of: 'a', to: 'b', atLeast: 2.1 }, { of: 'a', to: 'b', atMost: 1.9 },
    { of: 'a', to: 'b', atLeast: 1.9, atMost: 2.1 }, { of: 'a', to: 'b' }
  ]
  const { outcome: { ratios } } = await play({ a: [4, 4], b: [2, 2] }, goals)
  t.same(ratios.map(({ reached }) => reached), [true, false, false, true, null])
})

t.test('a round may have several turns, each begun by another one, and their median stands for it', async t => {
  const measured = { a: [0, 0, 0, 7, 90, 8], b: [0, 0, 0, 1, 2, 3] }
  const { order, outcome: { figures } } = await play(measured, [], { turns: 3 })
  t.equal(order, 'abbaabbaabba')
  t.same(figures.map(({ name, median }) => [name, median]), [['a', 8], ['b', 2]])
})

t.test('a ratio whose middle half is wider than 5 % to either side of the median is unsteady', async t => {
  const goals = [{ of: 'a', to: 'c' }, { of: 'b', to: 'c' }, { of: 'd', to: 'c' }]
  const { outcome: { ratios } } = await play({
    a: [0, 95, 100, 105], b: [0, 89, 100, 100], c: [0, 100, 100, 100], d: [0, 100, 100, 111]
  }, goals)
  t.same(ratios.map(({ steady }) => steady), [true, false, false])
})

t.test('processor times that contenders tell have a spread and a ratio of their own', async t => {
  const goals = [{ of: 'a', to: 'b' }]
  const { outcome } = await play({ a: [9, 1, 2, 3], b: [9, 4, 8, 12] }, goals, { cpu: 10 })
  t.match(outcome.figures, [{ cpu: { median: 20, low: 15, high: 25 } }, { cpu: { median: 80 } }])
  t.match(outcome.ratios, [{ cpu: { median: 0.25 } }])
  const { outcome: without } = await play({ a: [9, 1], b: [9, 4] }, goals)
  t.notOk(without.figures.some(figure => 'cpu' in figure))
  t.notOk(without.ratios.some(ratio => 'cpu' in ratio))
})

t.test('a goal about an unknown contender is a mistake', async t => {
  await t.rejects(play({ a: [1, 1] }, [{ of: 'a', to: 'absent' }]), /no contender is called "absent"/)
})
