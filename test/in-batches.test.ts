import t from 'tap'
import { inBatches } from '../src/in-batches.js'
import { gate } from './gate.js'

t.test('some are done at once, and answered in their order', async t => {
  const [first, second] = [gate(), gate()]
  const begun: number[] = []
  const answers = inBatches(2, [1, 2, 3], async item => {
    begun.push(item)
    if (item === 1) await first.passed
    if (item === 2) second.open()
    return item * 10
  })
  const next = answers.next()
  await second.passed
  t.same(begun, [1, 2], 'the second was done while the first waited, and the third has not begun')
  first.open()
  t.same([(await next).value, (await answers.next()).value, (await answers.next()).value], [10, 20, 30])
  t.same(await answers.next(), { value: undefined, done: true })
})

t.test('when one fails, those before it are answered, and none is left under way', async t => {
  let underWay = 0
  const answers: number[] = []
  const going = async () => {
    for await (const answer of inBatches(4, [1, 2, 3, 4, 5], async item => {
      underWay++
      await new Promise(setImmediate)
      underWay--
      if (item === 3) throw new Error('the third')
      return item
    })) answers.push(answer)
  }
  await t.rejects(going(), { message: 'the third' })
  t.same(answers, [1, 2])
  t.equal(underWay, 0)
})

t.test('what comes bit by bit is taken too, and nothing is nothing', async t => {
  const all = async (items: string[]) => {
    const answers = []
    const source = (async function * () { yield * items })()
    for await (const answer of inBatches(3, source, async item => item.toUpperCase())) answers.push(answer)
    return answers
  }
  t.same(await all(['a', 'b', 'c', 'd']), ['A', 'B', 'C', 'D'])
  t.same(await all([]), [])
})
