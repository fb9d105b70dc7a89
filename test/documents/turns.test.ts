import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { turns } from '../../src/documents/turns.js'
import { gate } from '../gate.js'

/** Work that says when it begins, and goes on until it is let go. */
function works (said: string[]) {
  return (name: string) => {
    const held = gate()
    const work = async () => {
      said.push(name)
      await held.passed
      return name
    }
    return { work, end: held.open }
  }
}

t.test('work on one key is done one after the other, in the order of asking', async t => {
  const said: string[] = []
  const { inTurn, isTaken } = turns()
  const [first, second, third] = ['first', 'second', 'third'].map(works(said))
  if (first === undefined || second === undefined || third === undefined) throw new Error('there are three')
  const answers = [first, second, third].map(async ({ work }) => await inTurn('key', work))
  second.end()
  await turn()
  t.same(said, ['first'])
  first.end()
  await turn()
  t.same(said, ['first', 'second', 'third'])
  t.ok(isTaken('key'))
  third.end()
  t.same(await Promise.all(answers), ['first', 'second', 'third'])
  await turn()
  t.notOk(isTaken('key'))
})

t.test('work on another key doesn\'t wait', async t => {
  const { inTurn } = turns()
  const { passed, open } = gate()
  const waiting = inTurn('key', async () => await passed)
  t.equal(await inTurn('another', async () => 'done'), 'done')
  open()
  await waiting
})

t.test('work that fails ends its turn', async t => {
  const { inTurn } = turns()
  const failing = inTurn('key', async () => { throw new Error('lost') })
  const next = inTurn('key', async () => 'done')
  await t.rejects(failing, { message: 'lost' })
  t.equal(await next, 'done')
})

t.test('work that gives up is not done, and later work keeps waiting for earlier work', async t => {
  const said: string[] = []
  const { inTurn } = turns()
  const [first, second] = ['first', 'second'].map(works(said))
  if (first === undefined || second === undefined) throw new Error('there are two')
  const answer = inTurn('key', first.work)
  await t.rejects(inTurn('key', async () => t.fail('it has given up'), { wait: async () => { throw new Error('too long') } }),
    { message: 'too long' })
  const behind = inTurn('key', second.work)
  await turn()
  t.same(said, ['first'])
  first.end()
  second.end()
  t.same(await Promise.all([answer, behind]), ['first', 'second'])
})

t.test('work of a lower rank comes first, but for the work that is under way', async t => {
  const said: string[] = []
  const { inTurn } = turns()
  const held = gate()
  const atWork = inTurn('key', async () => await held.passed, { rank: 2 })
  const waiting = ['other', 'code', 'operator', 'another', 'next code'].map(async (name, i) =>
    await inTurn('key', async () => { said.push(name) }, { rank: [2, 1, 0, 2, 1][i] ?? 0 }))
  held.open()
  await Promise.all([atWork, ...waiting])
  t.same(said, ['operator', 'code', 'next code', 'other', 'another'])
})

t.test('between two turns there is a rest, if that is asked for and nothing of rank 0 waits', async t => {
  const said: string[] = []
  const { inTurn, isTaken } = turns()
  const held = gate()
  const rested = gate()
  const rest = async () => {
    said.push('rest')
    await rested.passed
    throw new Error('a rest that fails is over')
  }
  const first = inTurn('key', async () => await held.passed, { rest })
  const urgent = inTurn('key', async () => { said.push('urgent') }, { rank: 0, rest })
  const later = inTurn('key', async () => { said.push('later') }, { rank: 1, rest })
  held.open()
  await first
  await urgent
  await turn()
  t.same(said, ['urgent', 'rest'])
  t.ok(isTaken('key'))
  const between = inTurn('key', async () => { said.push('between') })
  rested.open()
  await Promise.all([later, between])
  t.same(said, ['urgent', 'rest', 'between', 'later'])
})
