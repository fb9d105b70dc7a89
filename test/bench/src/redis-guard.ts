import { crowdOf } from './crowd.js'
import { keyOf } from './entity-key.js'
import { IN_FLIGHT, inFlight } from './in-flight.js'
import { goalsOfDrivers, nameOn } from './redis-drivers.js'
import { ownPrefix } from './redis-prefix.js'
import { roundTripsOf } from './round-trips.js'
import type { Contender, Row } from './row.js'
import { openIn } from './row-place.js'
import { guardContender, passGuard } from './visits.js'

const PEOPLE = 2000
const GUARD = 'guard'
const FLOOR = 'the same EVALSHA'
const GET = 'GET'
const PARSED = 'GET and JSON.parse'

/** An approved session over `redisStore`, beside the script that it runs, and plain reads. */
export const redisGuard: Row = {
  name: 'redis-guard',
  title: `the guard on Redis, ${IN_FLIGHT} in flight`,
  unit: 'operations/s',
  rounds: 15,
  turns: 5,
  // A plain GET may be answered by a replica that lags, so the guard reads by a script: that is its floor.
  goals: [
    ...goalsOfDrivers(GUARD, FLOOR, 0.85), ...goalsOfDrivers(GUARD, GET), ...goalsOfDrivers(GUARD, PARSED),
    ...goalsOfDrivers(FLOOR, GET)
  ],
  open: async () => await openIn(await ownPrefix(), async ({ drivers, server, keysOf }) => {
    const crowd = await crowdOf(PEOPLE)
    const { prefix, watched, storeOf } = await keysOf(crowd)
    const { sent: [script = ''], remark } = await roundTripsOf(crowd, watched, ['read'], async app =>
      await passGuard(app, crowd, 'user-0'))
    const names = crowd.identities.map(identity => prefix + keyOf(identity))
    const contenders = await Promise.all(drivers.map(async driver => [
      guardContender(nameOn(driver, GUARD), await crowd.serve(storeOf(driver)), crowd),
      bareRead(nameOn(driver, FLOOR), names, async name => await driver.evalsha(script, name)),
      bareRead(nameOn(driver, GET), names, async name => await driver.get(name)),
      bareRead(nameOn(driver, PARSED), names, async name => parsed(await driver.get(name)))
    ]))
    return { contenders: contenders.flat(), remarks: [server, remark] }
  })
}

function bareRead (
  contender: string, names: readonly string[], read: (name: string) => Promise<unknown>
): Contender {
  return inFlight(contender, () => names, async name => {
    if (await read(name) === null) throw new Error(`${name} was not found`)
  })
}

function parsed (stored: string | null): unknown {
  return stored === null ? null : JSON.parse(stored.slice(stored.indexOf('{')))
}
