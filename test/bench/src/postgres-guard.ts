import type { Pool, QueryConfig } from 'pg'
import { crowdOf, type Crowd } from './crowd.js'
import { IN_FLIGHT, inFlight } from './in-flight.js'
import { ownSchema, type PostgresTable } from './postgres-schema.js'
import { roundTripsOf } from './round-trips.js'
import type { Contender, Row } from './row.js'
import { openIn } from './row-place.js'
import { readAll, type StoredDocument } from './stored-documents.js'
import { guardContender, passGuard } from './visits.js'

const PEOPLE = 2000
const GUARD = 'guard'
const PREPARED = 'guard, prepare: true'
const PARSED = 'pg, SELECT document'
const PARSED_NAMED = `${PARSED}, a named statement`
const SAME = 'pg, the statement of the guard'

/** An approved session over `postgresStore`, beside a read that gives `pg` as much to parse. */
export const postgresGuard: Row = {
  name: 'postgres-guard',
  title: `the guard on PostgreSQL, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: [
    { of: GUARD, to: PARSED, atLeast: 0.9 },
    { of: GUARD, to: SAME },
    { of: PREPARED, to: GUARD },
    { of: PREPARED, to: PARSED_NAMED }
  ],
  open: async () => await openIn(await ownSchema(), async ({ pool, server, tableOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const table = await tableOf(crowd)
    const { sent: [same = ''], remark } = await roundTripsOf(crowd, table.watchedStoreOf(), ['read'], async app =>
      await passGuard(app, crowd, 'user-0'))
    const documents = await readAll(table.storeOf(), crowd)
    // `pg` parses jsonb and leaves text alone, so the floor doesn't follow what the store asks for.
    const text = `SELECT document FROM ${table.name} WHERE key = $1`
    return {
      contenders: [
        guardContender(GUARD, await crowd.serve(table.storeOf()), crowd),
        guardContender(PREPARED, await crowd.serve(table.storeOf({ prepare: true })), crowd),
        bareRead(PARSED, pool, { text }, documents),
        bareRead(PARSED_NAMED, pool, { text, name: 'bench' }, documents),
        bareRead(SAME, pool, { text: same }, documents)
      ],
      remarks: [server, remark, await namesOf(crowd, table)]
    }
  })
}

function bareRead (
  name: string, pool: Pool, statement: QueryConfig, documents: readonly StoredDocument[]
): Contender {
  return inFlight(name, () => documents, async ({ key }) => {
    const { rows } = await pool.query({ ...statement, values: [key] })
    if (rows.length !== 1) throw new Error(`${key} was not found`)
  })
}

async function namesOf (crowd: Crowd, table: PostgresTable): Promise<string> {
  const { store, names } = table.watchedStoreOf({ prepare: true })
  await passGuard(await crowd.serve(store), crowd, 'user-0')
  return names.length > 0
    ? `With \`prepare: true\` the guard sends a named statement: \`${names[0]}\`.`
    : `This build doesn't know \`prepare: true\`: "${PREPARED}" is the same as "${GUARD}".`
}
