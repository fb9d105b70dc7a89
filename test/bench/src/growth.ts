import { memoryStore } from '../../../dist/index.js'
import { crowdOf, fill, type Crowd } from './crowd.js'
import { IN_FLIGHT } from './in-flight.js'
import { inProcess } from './in-process.js'
import { openIn } from './place.js'
import { ownSchema, type PostgresSchema } from './postgres-schema.js'
import type { Contender, Row } from './row.js'
import { challenging, logIn, nextCode } from './visits.js'

const [FEW, MORE, MOST] = [1000, 10_000, 100_000]
/** A prime: by strides of so many everybody comes once, and nobody after a neighbour. */
const STRIDE = 7919
/** Those of one pass on PostgreSQL. */
const PASS = 1000

/** What a challenge costs must not depend on how many there are. */
export const growth: Row = {
  name: 'growth',
  title: 'a challenge in process, over memoryStore, among so many identities',
  unit: 'µs',
  rounds: 15,
  goals: [MORE, MOST].map(size => ({ of: nameOf(size), by: nameOf(FEW), atMost: 1.25 })),
  async open () {
    const contenders: Contender[] = []
    for (const size of [FEW, MORE, MOST]) contenders.push(await inMemory(size))
    return { contenders, async close () {} }
  }
}

/** The same on PostgreSQL, where it is the rate that is looked at. */
export const postgresGrowth: Row = {
  name: 'postgres-growth',
  title: `challenges on PostgreSQL among so many identities, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  goals: [{ of: nameOf(FEW), by: nameOf(MOST), atMost: 1.25 }],
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

async function onPostgres (schema: PostgresSchema, size: number): Promise<Contender> {
  const crowd = await crowdOf(size)
  const { plain } = await schema.tableOf(crowd)
  let turn = 0
  return challenging(nameOf(size), await crowd.serve(plain), crowd, () =>
    Array.from({ length: PASS }, () => identityAt(crowd, turn++)))
}

function identityAt ({ identities }: Crowd, turn: number): string {
  return identities[turn * STRIDE % identities.length] ?? ''
}

function nameOf (size: number): string {
  return `${size} identities`
}
