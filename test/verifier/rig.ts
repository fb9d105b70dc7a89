import { createHmac, randomBytes } from 'node:crypto'
import { memoryStore, type Entity, type EntityStore, type TotpEvent } from '../../src/index.js'
import { embeddedProvider } from '../../src/providers/embedded.js'
import type { RemoteProvider } from '../../src/providers/provider.js'
import { providersOf } from '../../src/providers/providers.js'
import { createKeyring } from '../../src/seal.js'
import { entitiesIn } from '../../src/verifier/entities.js'
import { judgeRequest, type JudgeRequest } from '../../src/verifier/request-code.js'
import { createVerifier, type Verifier } from '../../src/verifier/verifier.js'

export const MAX_AGE = 43_200
export const FRESHNESS = 300
export const RECOVERY_CODES = 10
/** Seconds that the verifiers here remember a browser. */
export const REMEMBER_FOR = 30 * 86_400

/** The keys of all verifiers here. */
export const keyring = createKeyring([randomBytes(32)])
const embedded = embeddedProvider({ issuer: 'Acme', keyring })

/** Parts and settings of a verifier that a test sets itself. */
export interface Parts {
  readonly store: EntityStore
  readonly clock: () => number
  readonly emit?: (event: TotpEvent) => void
  /** Makes the factors, in the place of the embedded provider. */
  readonly remote?: RemoteProvider
  readonly maxFactors?: number
  readonly recoveryCodes?: number
}

/** A verifier, and what guards with `perRequest` ask. */
export interface Instance extends Verifier {
  readonly judgeRequest: JudgeRequest
}

/** One process's verifier on a store, without a server around it: for tests that run it very often. */
export function verifierOn (
  { store, clock, emit = () => {}, remote, maxFactors = 3, recoveryCodes = RECOVERY_CODES }: Parts
): Instance {
  const context = {
    entities: entitiesIn({ store, clock, timeout: 60, backOff: async () => {}, emit }),
    providers: providersOf(embedded, remote ?? embedded, []),
    ...keyring,
    emit,
    issuer: 'Acme',
    claims: { name: 'totp', amr: ['otp'] },
    limits: { lockAfter: 5, lockFor: 30, disableAfter: 50 },
    config: { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const,
    maxAge: MAX_AGE,
    freshness: FRESHNESS,
    recoveryCodes,
    rememberFor: REMEMBER_FOR,
    maxFactors,
    reenroll: false,
    timeout: 60
  }
  return {
    ...createVerifier(context),
    judgeRequest: async (caller, brought) => await judgeRequest(context, caller, brought)
  }
}

/** A store, a clock that stands until it is moved, and the verifiers of several processes on them. */
export interface Rig {
  readonly store: EntityStore
  readonly events: TotpEvent[]
  time: number
  /** A verifier on the store, as each process has one. */
  instance (): Instance
}

export function rig (start: number, store: EntityStore = memoryStore<Entity>()): Rig {
  const made: Rig = {
    store,
    events: [],
    time: start,
    instance: () => verifierOn({ store, clock: () => made.time, emit: event => { made.events.push(event) } })
  }
  return made
}

/** RFC 4226 section 5.3 again, to the letter: a model must not use the code that it checks. */
export function referenceCode (key: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeUInt32BE(Math.floor(step / 2 ** 32), 0)
  counter.writeUInt32BE(step % 2 ** 32, 4)
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = (hash[19] ?? 0) % 16
  const four = hash.subarray(at, at + 4).toString('hex')
  return String(parseInt(four, 16) % 2 ** 31 % 1_000_000).padStart(6, '0')
}
