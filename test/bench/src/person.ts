import { randomBytes } from 'node:crypto'
import { memoryStore, type Entity, type EntityStore } from '../../../dist/index.js'
import { keyOf } from './entity-key.js'
import { lifeOf, type Life } from './life.js'
import { codeAt, enrollAndApprove, handClock, serverOver } from './population.js'

/** A user after a life. Each challenge finds the whole document, and adds nothing for the next one. */
export interface Person {
  readonly document: Entity
  /** Answers one more challenge in the newest session. */
  challenge (): Promise<unknown>
}

const IDENTITY = 'alice'

/** A user who enrolled, logged in once, and then lived like this. */
export async function personAfter (live: (life: Life) => Promise<unknown>): Promise<Person> {
  const clock = handClock()
  const store = memoryStore()
  const options = { keys: [randomBytes(32)], maxFactors: 10 }
  const app = await serverOver(store, clock, options)
  let newest = await enrollAndApprove(app, IDENTITY, clock)
  const { enroll, logIn, logOut } = lifeOf(IDENTITY, app, clock)
  await live({ enroll, logOut, async logIn (challenges) { return (newest = await logIn(challenges)) } })
  const document = await store.get(keyOf(IDENTITY))
  if (document === null) throw new Error('the user has no document')
  clock.tick()
  const code = codeAt(clock.now())
  const { totp } = await serverOver(discardWrites(store), clock, options)
  return { document, challenge: async () => await totp.challenge(newest, { code }) }
}

/** Writes go to another `memoryStore` and out of it again, so every read finds the document as it was. */
function discardWrites (store: EntityStore): EntityStore {
  const written = memoryStore()
  return {
    get: store.get,
    async replace (key, _expected, next) {
      const stored = await written.replace(key, null, next)
      return stored && await written.replace(key, next?.revision ?? null, null)
    }
  }
}
