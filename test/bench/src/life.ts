import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import * as OTPAuth from 'otpauth'
import { memoryStore, type Entity, type EntityStore, type SessionCaller } from '../../../dist/index.js'
import { keyOf } from '../../../dist/verifier/entities.js'
import { approved, codeAt, handClock, serverOver, type HandClock } from './population.js'

/** What somebody does who is enrolled, and has logged in once. */
export interface Life {
  /** Another factor. */
  enroll (): Promise<void>
  /** A new session, in which so many challenges are answered. */
  logIn (challenges: number): Promise<SessionCaller>
  logOut (caller: SessionCaller): Promise<unknown>
}

/** Somebody after a life: each challenge finds all of it, and adds nothing for the next. */
export interface Person {
  readonly document: Entity
  /** Answers one more challenge in the newest session. */
  challenge (): Promise<unknown>
}

const IDENTITY = 'alice'
const OPERATOR = { identity: IDENTITY, operator: true } as const

/** Somebody after `live`. */
export async function personAfter (live: (life: Life) => Promise<unknown>): Promise<Person> {
  const clock = handClock()
  const store = memoryStore()
  const options = { keys: [randomBytes(32)], maxFactors: 10 }
  const app = await serverOver(store, clock, options)
  let newest = await approved(app, IDENTITY, clock)
  const { enroll, logIn, logOut } = lifeOn(app, clock)
  await live({ enroll, logOut, async logIn (challenges) { return (newest = await logIn(challenges)) } })
  const document = await store.get(keyOf(IDENTITY))
  if (document === null) throw new Error('nobody was enrolled')
  clock.tick()
  const code = codeAt(clock.now())
  const again = await serverOver(unmoved(store), clock, options)
  return { document, challenge: async () => await again.totp.challenge(newest, { code }) }
}

function lifeOn ({ totp }: FastifyInstance, clock: HandClock): Life {
  return {
    async enroll () {
      const { factor, secret } = await totp.enroll(OPERATOR, { friendlyName: 'n'.repeat(64) })
      const code = new OTPAuth.TOTP({ secret }).generate({ timestamp: clock.now() * 1000 })
      await totp.verify(OPERATOR, factor.sid, code)
    },

    async logIn (challenges) {
      let mark: string | null = null
      for (let i = 0; i < challenges; i++) {
        clock.tick()
        const session: SessionCaller['session'] = { mark, since: clock.now() }
        ;({ mark } = await totp.challenge({ identity: IDENTITY, session }, { code: codeAt(clock.now()) }))
      }
      return { identity: IDENTITY, session: { mark, since: clock.now() } }
    },

    logOut: async caller => await totp.withdraw(caller)
  }
}

/** What is written goes where a `memoryStore` keeps it, and is never read: what there was stays as it is. */
function unmoved (store: EntityStore): EntityStore {
  const written = memoryStore()
  return {
    get: store.get,
    async replace (key, _expected, next) {
      const kept = await written.replace(key, null, next)
      return kept && await written.replace(key, next?.revision ?? null, null)
    }
  }
}
