import type { Test } from 'tap'
import { newMark } from '../../src/entity/mark.js'
import type { EntityStore } from '../../src/index.js'
import { instances } from '../instances.js'
import { isEmbedded, site } from '../site.js'

/** A request that waited for its turn among the others would see some two hundred writes. */
const FEW = 60

/** A store that counts the writes that win. */
export function counting (inner: EntityStore): { store: EntityStore, writes: () => number } {
  let writes = 0
  return {
    writes: () => writes,
    store: {
      get: async key => await inner.get(key),
      async replace (key, expected, next) {
        const won = await inner.replace(key, expected, next)
        if (won) writes++
        return won
      }
    }
  }
}

/**
 * Lets hundreds of requests for which a password is enough write without end, to two instances. Each has a
 * store of its own on the same documents, or both have the same. Meanwhile an operator and the owner act.
 */
export async function underFlood (t: Test, stores: readonly [EntityStore, EntityStore?]): Promise<void> {
  const [given, other] = stores
  const first = counting(inTurns(given))
  const second = other === undefined ? null : counting(inTurns(other))
  const shared = await instances(t, { totp: { store: first.store, timeout: 60, maxFactors: 10 } })
  const { one, now, wait } = shared
  const two = second === null
    ? shared.two
    : await site(t, { totp: { store: second.store, timeout: 60, maxFactors: 10, clock: now } })
  const owner = await one.login('alice')
  const phone = await owner.enrollVerified(now())
  const end = new AbortController()
  const flood = Array.from({ length: 200 }, async (_, i) => {
    const { app } = i % 2 === 0 ? one : two
    while (!end.signal.aborted) {
      await app.totp.withdraw({ identity: 'alice', session: { mark: newMark(), began: now() } }).catch(error => {
        if (error.code !== 'ERR_TOTP_CONFLICT') throw error
      })
    }
  })

  /** The writes that came between the beginning of an act and its end. */
  async function during (act: () => Promise<unknown>): Promise<number> {
    const written = () => first.writes() + (second?.writes() ?? 0)
    const before = written()
    await act()
    return written() - before
  }
  for (let i = 0; i < 3; i++) {
    for (const act of [one.app.totp.revoke, one.app.totp.unlock]) {
      const others = await during(async () => await act('alice'))
      t.ok(others < FEW, `an operator waits for ${others} writes`)
    }
    wait(30)
    const answered = await during(async () => {
      t.match(await owner.challenge(phone.code(now())), { status: 200 })
    })
    // Others may write while Twilio is asked.
    t.ok(answered < FEW || !isEmbedded(), `a right code waits for ${answered} writes`)
  }
  end.abort()
  await Promise.all(flood)
}

/** A store in memory answers at once: then no other write would come between reading and writing. */
function inTurns (inner: EntityStore): EntityStore {
  return {
    get: async key => await inner.get(key),
    async replace (key, expected, next) {
      await new Promise(resolve => setImmediate(resolve))
      return await inner.replace(key, expected, next)
    }
  }
}
