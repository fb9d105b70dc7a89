import { createHmac, randomBytes } from 'node:crypto'
import { memoryStore, type Entity, type EntityStore, type TotpEvent } from '../../src/index.js'
import { embeddedProvider } from '../../src/providers/embedded.js'
import { providersOf } from '../../src/providers/providers.js'
import { createKeyring } from '../../src/seal.js'
import { entitiesIn } from '../../src/verifier/entities.js'
import { createVerifier, type Verifier } from '../../src/verifier/verifier.js'

/** The parts of a verifier without a server around it, for tests that run it very often. */
export interface Rig {
  readonly store: EntityStore
  readonly events: TotpEvent[]
  time: number
  /** A verifier on the store, as each process has one. */
  instance (): Verifier
}

export const LIMITS = { lockAfter: 5, lockFor: 30, disableAfter: 50 }
export const MAX_AGE = 43_200
export const FRESHNESS = 300

const keyring = createKeyring([randomBytes(32)])
const embedded = embeddedProvider({ issuer: 'Acme', keyring })

export function rig (start: number, store: EntityStore = memoryStore<Entity>()): Rig {
  const made: Rig = {
    store,
    events: [],
    time: start,

    instance () {
      const emit = (event: TotpEvent) => { made.events.push(event) }
      const backOff = async () => {}
      return createVerifier({
        entities: entitiesIn({ store, clock: () => made.time, timeout: 60, backOff, emit }),
        providers: providersOf(embedded, embedded, []),
        ...keyring,
        emit,
        limits: LIMITS,
        config: { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 },
        maxAge: MAX_AGE,
        freshness: FRESHNESS,
        maxFactors: 3,
        reenroll: false,
        timeout: 5
      })
    }
  }
  return made
}

/** RFC 4226 section 5.3 once more, by the letter: a model must not ask what it is there to check. */
export function referenceCode (key: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeUInt32BE(Math.floor(step / 2 ** 32), 0)
  counter.writeUInt32BE(step % 2 ** 32, 4)
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = (hash[19] ?? 0) % 16
  const four = hash.subarray(at, at + 4).toString('hex')
  return String(parseInt(four, 16) % 2 ** 31 % 1_000_000).padStart(6, '0')
}
