import { memoryStore } from '../../../dist/index.js'
import { crowdOf, fill, type Crowd } from './crowd.js'
import { IN_FLIGHT } from './in-flight.js'
import { inProcess } from './in-process.js'
import { ownSchema, type PostgresSchema } from './postgres-schema.js'
import type { Contender, Row } from './row.js'
import { openIn } from './row-place.js'
import { challengeContender, logIn, nextCode } from './visits.js'

const [FEW, MORE, MOST] = [1000, 10_000, 100_000]
/** A prime: in strides of this length every user comes once, and none after a neighbour. */
const STRIDE = 7919
/** Users of one pass on PostgreSQL. */
const PASS = 1000

/** The number of identities must not make a challenge dearer. */
export const growth: Row = {
  name: 'growth',
  title: 'a challenge in process, over memoryStore, among this many identities',
  unit: 'µs',
  rounds: 15,
  turns: 5,
  goals: [MORE, MOST].map(size => ({ of: nameOf(size), to: nameOf(FEW), atMost: 1.25 })),
  async open () {
    const contenders: Contender[] = []
    for (const size of [FEW, MORE, MOST]) contenders.push(await inMemory(size))
    return { contenders, async close () {} }
  }
}

/** The same on PostgreSQL, as a rate. */
export const postgresGrowth: Row = {
  name: 'postgres-growth',
  title: `challenges on PostgreSQL among this many identities, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: [{ of: nameOf(FEW), to: nameOf(MOST), atMost: 1.25 }],
  open: async () => await openIn(await ownSchema(), async schema => ({
    contenders: [await onPostgres(schema, FEW), await onPostgres(schema, MOST)],
    remarks: [schema.server]
  }))
}

async function inMemory (size: number): Promise<Contender> {
  const crowd = await crowdOf(size)
  const store = memoryStore()
  await fill(store, crowd)
  const app = await crowd.serve(store)
  let code = ''
  return inProcess(nameOf(size), async turn => {
    if (turn % size === 0) code = nextCode(crowd)
    await logIn(app, crowd, identityAt(crowd, turn), code)
  })
}

async function onPostgres ({ tableOf }: PostgresSchema, size: number): Promise<Contender> {
  const crowd = await crowdOf(size)
  const { storeOf } = await tableOf(crowd)
  let turn = 0
  return challengeContender(nameOf(size), await crowd.serve(storeOf()), crowd, () =>
    Array.from({ length: PASS }, () => identityAt(crowd, turn++)))
}

function identityAt ({ identities }: Crowd, turn: number): string {
  return identities[turn * STRIDE % identities.length] ?? ''
}

function nameOf (size: number): string {
  return `${size} identities`
}
