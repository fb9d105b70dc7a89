import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { newSid } from '../../src/entity/entity.js'
import { memoryStore, type Entity } from '../../src/index.js'
import { keyOf } from '../../src/verifier/entities.js'
import { END } from './calendar.js'
import { phoneOfCopies } from './copies.js'
import { distributionOf } from './distribution.js'
import { fullestEmbedded, IDENTITY } from './fullest.js'
import { POPULATION, type Population } from './population.js'
import { simulate, type GroupYear, type Plan } from './simulation.js'
import { OPERATIONS, type Operation } from './tally.js'
import { keyring, verifierOn } from './verifier.js'
import { bytesOf } from './watched-store.js'

/** Few people, who come less often and lose their phones more often, so that each operation is among them. */
const population: Population = {
  ...POPULATION,
  groups: POPULATION.groups.map(group => ({ ...group, visits: Math.min(group.visits, 60) })),
  habits: { ...POPULATION.habits, secondFactor: 0.5, lostPhones: 1 }
}
const plan: Plan = { population, identities: 3000, lives: 40, batch: 5, seed: 1 }

const documents: Entity[] = []
const years = await simulate({ ...plan, onDocument: document => { documents.push(document) } })

t.test('the same seed gives the same figures, whatever the size of a batch', async t => {
  t.equal(figuresOf(await simulate({ ...plan, batch: 100 })), figuresOf(years))
  t.not(figuresOf(await simulate({ ...plan, seed: 2 })), figuresOf(years))
})

t.test('documents are as large after a year as after half of it', async t => {
  const total = (quarter: number) =>
    years.reduce((sum, { identities, quarters }) => sum + identities * (quarters[quarter]?.mean ?? NaN), 0)
  const [, half = NaN, , whole = NaN] = [0, 1, 2, 3].map(total)
  t.ok(whole < half * 1.03, `${Math.round(half)} bytes, then ${Math.round(whole)}`)
  t.ok(half < total(0) * 1.03)
  const sealed = keyring.seal(randomBytes(20), { identity: IDENTITY, factorSid: newSid('YF') })
  const largest = bytesOf(fullestEmbedded(sealed))
  for (const { quarters, documents } of years) {
    for (const { most } of [...quarters, documents]) t.ok(most < largest, `${most} bytes`)
  }
})

t.test('no more than one batch of documents is in memory', async t => {
  t.ok(years.some(({ lives }) => lives > plan.batch), 'there are more')
  for (const { mostAlive } of years) t.ok(mostAlive <= plan.batch, `${mostAlive} documents`)
})

t.test('every identity has a document, and the totals are those of the parts', async t => {
  t.equal(population.groups.reduce((sum, { share }) => sum + share, 0).toFixed(6), '1.000000')
  t.equal(years.reduce((sum, { identities }) => sum + identities, 0), plan.identities)
  t.equal(new Set(documents.map(({ identity }) => identity)).size, plan.identities)
  const all = distributionOf(...years.map(({ documents }) => documents))
  t.equal(all.count, plan.identities)
  t.equal(all.sum, documents.reduce((sum, document) => sum + bytesOf(document), 0))
  for (const { name, lives, loads, reads, writes } of years) {
    t.equal(reads.count, lives, name)
    for (const [part, { sum }] of [['reads', reads], ['writes', writes]] as const) {
      t.equal([...loads.values()].reduce((total, load) => total + sumOf(load[part]), 0), sum, `${name}: ${part}`)
    }
  }
})

t.test('each operation takes the calls of the store that it is known to take', async t => {
  const calls: Readonly<Partial<Record<Operation, readonly [reads: number, writes: number]>>> = {
    'guarded request': [1, 0],
    login: [1, 0],
    'right code': [1, 1],
    'wrong code': [1, 1],
    'code while locked or disabled': [1, 0],
    logout: [1, 1],
    enrollment: [2, 2],
    'removal of a factor': [1, 1]
  }
  for (const operation of OPERATIONS) {
    const times = timesOf(operation, 'times')
    t.ok(times > 0, operation)
    const [reads, writes] = calls[operation] ?? []
    if (reads !== undefined) t.equal(timesOf(operation, 'reads'), reads * times, operation)
    if (writes !== undefined) t.equal(timesOf(operation, 'writes'), writes * times, operation)
  }
})

t.test('a document that was made for another identity works', async t => {
  const now = END + 60
  const store = memoryStore()
  const verifier = verifierOn({ store, clock: () => now })
  for (const document of documents.filter((_, i) => i % 500 === 0)) {
    const { identity } = document
    await store.replace(keyOf(identity), null, document)
    const session = { mark: null, began: now }
    const { mark } = await verifier.challenge({ identity, session }, { code: phoneOfCopies.code(now) })
    t.match(await verifier.check({ identity, session: { mark, began: now } }), { at: now })
  }
})

t.test('a distribution tells its mean, its quantiles and the error of its mean', async t => {
  const one = distributionOf()
  for (const value of [1, 2, 2, 3]) one.add(value)
  const other = distributionOf()
  other.add(12)
  const both = distributionOf(one, other)
  t.match(both, { count: 5, sum: 20, mean: 4, most: 12 })
  t.same([0.01, 0.5, 0.8, 1].map(both.quantile), [1, 2, 3, 12])
  t.equal(both.error.toFixed(6), Math.sqrt((9 + 4 + 4 + 1 + 64) / 4 / 5).toFixed(6))
  t.match(distributionOf(), { count: 0, mean: 0, error: 0, most: 0 })
})

/** A digest of all that two runs have to have in common. */
function figuresOf (years: readonly GroupYear[]): string {
  const figures = years.map(({ quarters, documents, loads, reads, writes, ...year }) => {
    const { name, identities, lives, enrolled, performed, supposed } = year
    return [
      name, identities, lives, enrolled, performed, supposed,
      [...quarters, documents, reads, writes].map(({ values }) => [...values()].sort()),
      [...loads].map(([operation, load]) => [operation, ...Object.values(load).map(hours => [...hours])])
    ]
  })
  return createHash('sha256').update(JSON.stringify(figures)).digest('hex')
}

function timesOf (operation: Operation, part: 'times' | 'reads' | 'writes'): number {
  return years.reduce((sum, { loads }) => sum + sumOf(loads.get(operation)?.[part] ?? []), 0)
}

function sumOf (counts: Iterable<number>): number {
  return [...counts].reduce((sum, count) => sum + count, 0)
}
