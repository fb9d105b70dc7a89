import { randomUUID } from 'node:crypto'
import { crowdOf } from './crowd.js'
import { IN_FLIGHT, inFlight } from './in-flight.js'
import { goalsOfDrivers, nameOn } from './redis-drivers.js'
import { ownPrefix, type RedisDriver } from './redis-prefix.js'
import { roundTripsOf } from './round-trips.js'
import type { Contender, Row } from './row.js'
import { openIn } from './row-place.js'
import { readAll, type StoredDocument } from './stored-documents.js'
import { challengeContender, logIn, nextCode } from './visits.js'

const PEOPLE = 2000
const CHALLENGE = 'challenge'
const BARE_BOTH = 'GET and the same EVALSHA'

/** A right code over `redisStore`, beside a plain read and the script that writes. */
export const redisChallenge: Row = {
  name: 'redis-challenge',
  title: `challenges on Redis, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  goals: goalsOfDrivers(CHALLENGE, BARE_BOTH, 0.6),
  open: async () => await openIn(await ownPrefix(), async ({ drivers, server, keysOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const { watched } = await keysOf(crowd)
    const { sent, remark } = await roundTripsOf(crowd, watched, ['read', 'write'], async app =>
      await logIn(app, crowd, 'user-0', nextCode(crowd)))
    const contenders = await Promise.all(drivers.map(async driver => {
      const [ours, others] = [await keysOf(crowd), await keysOf(crowd)]
      const app = await crowd.serve(ours.storeOf(driver))
      const documents = await readAll(others.storeOf(driver), crowd)
      return [
        challengeContender(nameOn(driver, CHALLENGE), app, crowd),
        bareBoth(driver, others.prefix, sent, documents)
      ]
    }))
    return { contenders: contenders.flat(), remarks: [server, remark] }
  })
}

function bareBoth (
  driver: RedisDriver, prefix: string, [, replace = '']: readonly string[], documents: readonly StoredDocument[]
): Contender {
  const id = randomUUID()
  return inFlight(nameOn(driver, BARE_BOTH), () => documents, async document => {
    const name = prefix + document.key
    const found = await driver.get(name)
    const expected = String(document.revision++)
    const outcome = await driver.evalsha(replace, name, expected, `${document.revision} ${id} ${document.text}`)
    if (found === null || outcome !== 'replaced') throw new Error(`${document.key} was not written`)
  })
}
