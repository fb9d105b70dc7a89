import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { deadlineIn } from '../../src/time/deadline.js'

// First, because the timers of other tests would count.
t.test('after an answer the process can end: no timer is left after the next look', async t => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const idle = timers()
  await deadlineIn(60).call(async () => 'answer')
  await t.rejects(deadlineIn(60).call(async () => { throw new Error('lost') }))
  await t.rejects(deadlineIn(60).call(() => { throw new Error('at once') }))
  t.ok(timers() <= idle + 1, 'one timer for all calls')
  await outcomeOf(deadlineIn(0).waitFor(never()))
  t.equal(timers(), idle)
})

t.test('an answer in time is passed on', async t => {
  const deadline = deadlineIn(60)
  t.equal(await deadline.call(async () => 'answer'), 'answer')
  t.equal(await deadline.call(async () => null), null)
})

t.test('a rejection in time is passed on', async t => {
  await t.rejects(deadlineIn(60).call(async () => { throw new Error('lost') }), { message: 'lost' })
  await t.rejects(deadlineIn(60).call(() => { throw new Error('at once') }), { message: 'at once' })
})

t.test('a missing answer is a rejection', async t => {
  await t.rejects(deadlineIn(0.002).call(never), { message: 'no answer within 0.002 s' })
})

t.test('a thenable has the deadline too', async t => {
  const thenables = [
    { then: (resolve: (value: unknown) => void) => resolve(never()) },
    Object.assign(() => {}, { then: () => {} })
  ]
  for (const thenable of thenables) {
    await t.rejects(Promise.race([deadlineIn(0.002).call(() => thenable), pause(1000)]), { message: /no answer/ })
  }
})

t.test('all calls share one deadline', async t => {
  const deadline = deadlineIn(0.002)
  await t.rejects(deadline.call(never))
  await t.rejects(deadline.call(never), { message: 'no answer within 0.002 s' })
})

t.test('an earlier deadline is never a later one', async t => {
  const deadline = deadlineIn(60)
  t.notOk(deadline.isOver())
  t.notOk(deadline.within(60).isOver())
  t.ok(deadline.within(0).isOver())
  const over = deadlineIn(0)
  t.ok(over.isOver())
  t.ok(over.within(60).isOver())
  await t.rejects(deadline.within(0.002).call(never), { message: 'no answer within 0.002 s' })
})

t.test('a late answer is ignored, and so is a late rejection', async t => {
  let rejectLate = (_error: Error) => {}
  const late = new Promise<never>((_resolve, reject) => { rejectLate = reject })
  await t.rejects(deadlineIn(0.002).call(async () => await late), { message: /no answer/ })
  rejectLate(new Error('too late'))
})

t.test('a late answer leaves the deadlines of other calls alone', async t => {
  const early = Array.from({ length: 3 }, () => {
    let answer = (_value: string) => {}
    const late = new Promise<string>(resolve => { answer = resolve })
    return { answer: () => answer('late'), outcome: outcomeOf(deadlineIn(0.002).waitFor(late)) }
  })
  const later = [1, 2, 3].map(async () => await outcomeOf(deadlineIn(0.1).waitFor(never())))
  t.same(await Promise.all(early.map(async ({ outcome }) => await outcome)), Array(3).fill('no answer within 0.002 s'))
  for (const { answer } of early.reverse()) answer()
  t.same(await Promise.all(later), Array(3).fill('no answer within 0.1 s'))
})

async function outcomeOf (answer: Promise<string>): Promise<string> {
  return await answer.catch((error: Error) => error.message)
}

async function never (): Promise<never> {
  return await new Promise(() => {})
}
