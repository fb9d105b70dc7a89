import type { Pool } from 'pg'
import { crowdOf } from './crowd.js'
import { IN_FLIGHT, inFlight } from './in-flight.js'
import { ownSchema } from './postgres-schema.js'
import { roundTripsOf } from './round-trips.js'
import type { Contender, Row } from './row.js'
import { openIn } from './row-place.js'
import { readAll, type StoredDocument } from './stored-documents.js'
import { challengeContender, logIn, nextCode } from './visits.js'

const PEOPLE = 2000
const CHALLENGE = 'challenge'
const BARE_BOTH = 'pg, the same SELECT and UPDATE'

/** A right code over `postgresStore`, beside the statements that it sends. */
export const postgresChallenge: Row = {
  name: 'postgres-challenge',
  title: `challenges on PostgreSQL, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: [{ of: CHALLENGE, to: BARE_BOTH, atLeast: 0.6 }],
  open: async () => await openIn(await ownSchema(), async ({ pool, server, tableOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const [ours, others] = [await tableOf(crowd), await tableOf(crowd)]
    const { sent, remark } = await roundTripsOf(crowd, others.watchedStoreOf(), ['read', 'write'], async app =>
      await logIn(app, crowd, 'user-0', nextCode(crowd)))
    return {
      contenders: [
        challengeContender(CHALLENGE, await crowd.serve(ours.storeOf()), crowd),
        bareBoth(pool, sent, await readAll(others.storeOf(), crowd))
      ],
      remarks: [server, remark]
    }
  })
}

function bareBoth (
  pool: Pool, [select = '', update = '']: readonly string[], documents: readonly StoredDocument[]
): Contender {
  return inFlight(BARE_BOTH, () => documents, async document => {
    const found = await pool.query(select, [document.key])
    const values = [document.key, document.revision, ++document.revision, document.text]
    const changed = await pool.query(update, values)
    if (found.rows.length !== 1 || changed.rows.length !== 1) throw new Error(`${document.key} was not written`)
  })
}
