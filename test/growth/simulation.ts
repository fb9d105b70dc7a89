import { createHash } from 'node:crypto'
import type { Entity } from '../../src/index.js'
import { keyOf } from '../../src/verifier/entities.js'
import { batchStore } from './batch-store.js'
import { END, START, WEEK, WEEKS } from './calendar.js'
import { copyOf } from './copies.js'
import { diaryOf } from './diary.js'
import { distributionOf, type Distribution, type GrowingDistribution } from './distribution.js'
import { drawsFrom } from './draws.js'
import { personOf, type World } from './person.js'
import type { Group, Population } from './population.js'
import { newCounter, type Tally } from './tally.js'
import { verifierOn } from './verifier.js'
import { bytesOf } from './watched-store.js'

/** What is simulated. */
export interface Plan {
  readonly population: Population
  readonly identities: number
  /** Lives that are lived. In each group, every life stands for the same number of identities. */
  readonly lives: number
  /** Lives whose documents are in memory at a time. */
  readonly batch: number
  readonly seed: number
  /** Is given the document of each identity, as it is at the end of the year. */
  readonly onDocument?: (document: Entity) => Promise<void> | void
}

/** What a group of people came to. */
export interface GroupYear extends Tally {
  readonly name: string
  readonly identities: number
  readonly lives: number
  /** Bytes of the lives' documents, at the end of each quarter. */
  readonly quarters: readonly Distribution[]
  /** Bytes of the documents of all identities, at the end of the year. */
  readonly documents: Distribution
  /** The most documents that were in memory at a time. */
  readonly mostAlive: number
}

/** Identities of one group, by their numbers. */
interface Part {
  readonly group: Group
  readonly first: number
  readonly identities: number
}

const QUARTERS = [1, 2, 3, 4].map(quarter => START + quarter * WEEKS / 4 * WEEK)
/** A group has at least this share of all lives, and two at least: one alone says nothing of its error. */
const LEAST_SHARE = 0.001

/** Lives a year in each group, and then makes the document of every identity. */
export async function simulate (plan: Plan): Promise<GroupYear[]> {
  const { population: { groups }, identities } = plan
  const upTo = (count: number) =>
    Math.round(identities * groups.slice(0, count).reduce((sum, { share }) => sum + share, 0))
  const years: GroupYear[] = []
  for (const [i, group] of groups.entries()) {
    years.push(await liveGroup(plan, { group, first: upTo(i), identities: upTo(i + 1) - upTo(i) }))
  }
  return years
}

async function liveGroup (plan: Plan, { group, first, identities }: Part): Promise<GroupYear> {
  const wanted = Math.ceil(plan.lives * Math.max(group.share, LEAST_SHARE))
  const lives = Math.min(identities, Math.max(2, wanted))
  const quarters = QUARTERS.map(() => distributionOf())
  const [documents, counter] = [distributionOf(), newCounter()]
  /** Of the identities that a life stands for, the first one. */
  const firstOf = (life: number) => first + Math.floor(life * identities / lives)
  let mostAlive = 0

  for (let begin = 0; begin < lives; begin += plan.batch) {
    const [store, clock] = [batchStore(), { now: START }]
    const world = { store, clock, counter, verifier: verifierOn({ store, clock: () => clock.now }) }
    const batch = Array.from({ length: Math.min(plan.batch, lives - begin) }, (_, i) => begin + i)
    for (const life of batch) await liveYear(plan, group, firstOf(life), world, quarters)
    mostAlive = Math.max(mostAlive, await store.size())
    for (const life of batch) {
      const document = await store.peek(keyOf(identityAt(firstOf(life))))
      for (const copy of copiesOf(plan, document, firstOf(life), firstOf(life + 1))) {
        documents.add(bytesOf(copy))
        await plan.onDocument?.(copy)
      }
    }
  }
  return { ...counter, name: group.name, identities, lives, quarters, documents, mostAlive }
}

async function liveYear (
  { population, seed }: Plan, group: Group, number: number, world: World,
  quarters: readonly GrowingDistribution[]
): Promise<void> {
  const { clock, store, counter } = world
  const draws = drawsFrom(seed, 'life', number)
  const diary = diaryOf(draws, population, group)
  const identity = identityAt(number)
  const person = personOf(world, {
    identity, friendlyName: nameAt(number), group, habits: population.habits, draws
  })
  let past = 0
  const measureUntil = async (at: number) => {
    for (; at >= (QUARTERS[past] ?? Infinity); past++) {
      quarters[past]?.add(bytesOf(await store.peek(keyOf(identity))))
    }
  }
  clock.now = START
  for (const { at, occasion } of diary) {
    await measureUntil(at)
    clock.now = Math.max(clock.now, at)
    await person.act(occasion)
  }
  await measureUntil(END)
  counter.endLife()
}

/** The documents of identities that have lived as the first one did, one at a time. */
function * copiesOf ({ seed }: Plan, document: Entity, first: number, end: number): Generator<Entity, void> {
  const draws = drawsFrom(seed, 'copies', first)
  for (let number = first; number < end; number++) {
    yield copyOf(document, { identity: identityAt(number), friendlyName: nameAt(number) }, draws)
  }
}

/** As long as a UUID, and in no order. */
function identityAt (number: number): string {
  const hex = createHash('sha256').update(String(number)).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

/** As long as many addresses are. */
function nameAt (number: number): string {
  return `person-${String(number).padStart(10, '0')}@acme.example`
}
