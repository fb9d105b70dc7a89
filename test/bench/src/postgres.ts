import type { Pool } from 'pg'
import { crowdOf } from './crowd.js'
import { IN_FLIGHT, inFlight } from './in-flight.js'
import { keptIn, type Kept } from './kept.js'
import { openIn } from './place.js'
import { ownSchema } from './postgres-schema.js'
import { roundTripsOf } from './round-trips.js'
import type { Contender, Row } from './row.js'
import { challenging, guarding, logIn, nextCode, passGuard } from './visits.js'

const PEOPLE = 2000
const CHALLENGE = 'challenge'
const GUARD = 'guard'
const BARE_BOTH = 'pg, the same SELECT and UPDATE'
const BARE_READ = 'pg, the same SELECT'

/** A right code over `postgresStore`, beside the statements that it comes down to. */
export const postgresChallenge: Row = {
  name: 'postgres-challenge',
  title: `challenges on PostgreSQL, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  goals: [{ of: CHALLENGE, by: BARE_BOTH, atLeast: 0.6 }],
  open: async () => await openIn(await ownSchema(), async schema => {
    const crowd = await crowdOf(PEOPLE)
    const [ours, others] = [await schema.tableOf(crowd), await schema.tableOf(crowd)]
    const { sent, remark } = await roundTripsOf(crowd, others, ['read', 'write'], async app =>
      await logIn(app, crowd, 'user-0', nextCode(crowd)))
    return {
      contenders: [
        challenging(CHALLENGE, await crowd.serve(ours.plain), crowd),
        bareBoth(schema.pool, sent, await keptIn(others.plain, crowd))
      ],
      remarks: [schema.server, remark]
    }
  })
}

/** An approved session over `postgresStore`, beside the statement that it comes down to. */
export const postgresGuard: Row = {
  name: 'postgres-guard',
  title: `the guard on PostgreSQL, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  goals: [{ of: GUARD, by: BARE_READ, atLeast: 0.7 }],
  open: async () => await openIn(await ownSchema(), async schema => {
    const crowd = await crowdOf(PEOPLE)
    const table = await schema.tableOf(crowd)
    const { sent, remark } = await roundTripsOf(crowd, table, ['read'], async app =>
      await passGuard(app, crowd, 'user-0'))
    return {
      contenders: [
        guarding(GUARD, await crowd.serve(table.plain), crowd),
        bareRead(schema.pool, sent, await keptIn(table.plain, crowd))
      ],
      remarks: [schema.server, remark]
    }
  })
}

function bareRead (pool: Pool, [select = '']: readonly string[], kept: readonly Kept[]): Contender {
  return inFlight(BARE_READ, () => kept, async ({ key }) => {
    const { rows } = await pool.query(select, [key])
    if (rows.length !== 1) throw new Error(`${key} was not found`)
  })
}

function bareBoth (pool: Pool, [select = '', update = '']: readonly string[], kept: readonly Kept[]): Contender {
  return inFlight(BARE_BOTH, () => kept, async row => {
    const found = await pool.query(select, [row.key])
    const changed = await pool.query(update, [row.key, row.revision, ++row.revision, row.text])
    if (found.rows.length !== 1 || changed.rows.length !== 1) throw new Error(`${row.key} was not written`)
  })
}
