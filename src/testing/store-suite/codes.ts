import { isDeepStrictEqual } from 'node:util'
import { jitter } from '../../time/back-off.js'
import type { Clock } from '../../time/clock.js'
import type { Entity } from '../../entity/entity.js'
import type { TotpError } from '../../errors.js'
import { hotp, hotpKey } from '../../otp/hotp.js'
import { encodeSecret } from '../../otp/secret.js'
import { stepAt } from '../../otp/totp.js'
import { embeddedProvider } from '../../providers/embedded.js'
import { providersOf } from '../../providers/providers.js'
import { createKeyring, type Keyring } from '../../seal.js'
import type { SessionCaller } from '../../verifier/caller.js'
import { createVerifier, type Verifier } from '../../verifier/verifier.js'
import { entitiesIn } from '../../verifier/entities.js'
import type { EntityStore } from '../../documents/store.js'
import { BrokenGuarantee } from './expectations.js'
import type { Guarantees } from './guarantee.js'
import type { Random } from './random.js'
import { RULES } from './rules.js'
import { alternating, type Trial } from './trial.js'

const READ_BEFORE_WRITE =
  'a replace that reads, compares and then writes, in which two requests can win with one code; or a store that failed.'

/** The rules about codes, which a store has to let two instances of an application keep together. */
export const codes: Guarantees<Entity> = {
  'of 100 simultaneous challenges with one code, on two instances, one is approved': {
    rule: RULES.oneStatement,
    lookFor: READ_BEFORE_WRITE,

    async verify (trial) {
      const app = await enrolled(trial)
      areOutcomes('with the same right code', await hundredTimes(app, app.code),
        { approved: 1, ERR_TOTP_CHALLENGE_DENIED: 5, ERR_TOTP_LOCKED: 94 })
    }
  },

  'of 100 simultaneous wrong codes, on two instances, five are judged': {
    rule: RULES.oneStatement,
    lookFor: READ_BEFORE_WRITE,

    async verify (trial) {
      const app = await enrolled(trial)
      areOutcomes('with a wrong code', await hundredTimes(app, app.wrong),
        { ERR_TOTP_CHALLENGE_DENIED: 5, ERR_TOTP_LOCKED: 95 })
      areOutcomes('with the right code after five wrong ones', await hundredTimes(app, app.code),
        { ERR_TOTP_LOCKED: 100 })
    }
  },

  'a factor that was removed on one instance approves nothing on the other': {
    rule: RULES.everyWriteIsSeen,
    lookFor: 'a cache before the database, a read replica, or a transaction that is still open.',

    async verify (trial) {
      const { one, two, caller, code, sid } = await enrolled(trial)
      const { mark } = await two.challenge(caller, { code })
      const approved = { ...caller, session: { ...caller.session, mark } }
      for (const verifier of [two, one, two]) await verifier.check(approved)
      await one.remove({ identity: caller.identity, operator: true }, sid)
      for (const verifier of [two, one]) {
        const outcome = await verifier.check(approved).then(() => 'approved', (refusal: TotpError) => refusal.code)
        if (outcome === 'ERR_TOTP_NOT_ENROLLED') continue
        throw new BrokenGuarantee('A factor was removed through one instance, and afterwards a session that it had ' +
          `approved was answered ${outcome}, instead of ERR_TOTP_NOT_ENROLLED.`)
      }
    }
  }
}

type Outcomes = Readonly<Record<string, number>>

function areOutcomes (challenges: string, actual: Outcomes, expected: Outcomes): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw new BrokenGuarantee(
    `100 simultaneous challenges ${challenges} were answered ${counted(actual)}, instead of ${counted(expected)}.`)
}

function counted (outcomes: Outcomes): string {
  return Object.entries(outcomes).map(([outcome, count]) => `${outcome}: ${count}`).join(', ')
}

/** Two instances of an application, and a user with a factor. */
interface Enrolled {
  readonly one: Verifier
  readonly two: Verifier
  /** A login session of the user that has answered no challenge yet. */
  readonly caller: SessionCaller
  readonly sid: string
  readonly code: string
  readonly wrong: string
}

const START = 1_800_000_000
const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const LIMITS = { lockAfter: 5, lockFor: 30, disableAfter: 50 }
/** Seconds. A slow store doesn't fail the suite. */
const TIMEOUT = 60

async function enrolled ({ one, two, key, random }: Trial<Entity>): Promise<Enrolled> {
  let now = START
  const keyring = createKeyring([bytes(random, 32)])
  const instance = (store: EntityStore) => verifierOn(store, keyring, () => now)
  const secret = bytes(random, 20)
  const phone = hotpKey(CONFIG.alg, secret)
  const code = (steps: number) => hotp(phone, stepAt(now, CONFIG.timeStep) + steps, CONFIG.codeLength)

  const identity = key('alice').slice('identity:'.length)
  const operator = { identity, operator: true } as const
  const { factor: { sid } } = await instance(one)
    .enroll(operator, { friendlyName: 'phone', secret: encodeSecret(secret) })
  await instance(two).verify(operator, sid, code(0))
  // Moves the clock away from the step that was just spent.
  now += 10 * CONFIG.timeStep
  return {
    one: instance(one),
    two: instance(two),
    caller: { identity, session: { mark: null, began: now } },
    sid,
    code: code(0),
    wrong: otherThan([-1, 0, 1].map(code))
  }
}

function verifierOn (store: EntityStore, keyring: Keyring, clock: Clock): Verifier {
  const embedded = embeddedProvider({ issuer: 'Acme', keyring })
  const emit = () => {}
  return createVerifier({
    entities: entitiesIn({ store, clock, timeout: TIMEOUT, backOff: jitter, emit }),
    providers: providersOf(embedded, embedded, []),
    ...keyring,
    emit,
    issuer: 'Acme',
    claims: { name: 'totp', amr: ['otp'] },
    limits: LIMITS,
    config: CONFIG,
    maxAge: 3600,
    freshness: 300,
    recoveryCodes: 10,
    rememberFor: 0,
    maxFactors: 5,
    reenroll: false,
    timeout: TIMEOUT
  })
}

/** Submits a code 100 times at once, half of them to each instance. Resolves how often each outcome came. */
async function hundredTimes (app: Enrolled, code: string): Promise<Outcomes> {
  const outcomes = await alternating(app, 100, async verifier =>
    await verifier.challenge(app.caller, { code })
      .then(({ status }) => status, (refusal: TotpError) => refusal.code))
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

function otherThan (codes: readonly string[]): string {
  const [other = ''] = ['000000', '111111', '222222', '333333'].filter(code => !codes.includes(code))
  return other
}

function bytes (random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)))
}
