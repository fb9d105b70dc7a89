import { randomBytes } from 'node:crypto'
import { newSid } from '../../src/entity/entity.js'
import { ConflictError, ProviderError } from '../../src/errors.js'
import type { Outcome, RemoteProvider } from '../../src/providers/provider.js'
import type { Random } from '../../src/testing/store-suite/random.js'
import type { Phones } from './life.js'

const SERVICE_SID = `VA${'0'.repeat(32)}`
const FAILED = new ProviderError(new Error('Twilio is down'))
const NOT_JUDGED: readonly Outcome[] = [
  { verdict: 'unjudged', refusal: new ConflictError() },
  { verdict: 'unknown', refusal: FAILED },
  { verdict: 'unfit', refusal: FAILED }
]

/** A remote provider that gives any answer of Twilio at random. */
export interface TwilioLike extends RemoteProvider {
  /** Holds all answers back, until the returned function is called. */
  hold (): () => void
  /** While it is true, deletions fail. */
  broken: boolean
}

/** Even codes are right. */
export function phonesOf (random: Random): Phones {
  const code = (parity: number) => String(random(500_000) * 2 + parity).padStart(6, '0')
  return { add: () => {}, right: () => code(0), wrong: () => code(1) }
}

export function twilioLike (random: Random): TwilioLike {
  let held = Promise.resolve()

  async function outcome (code: string, challengeSid: string | null): Promise<Outcome> {
    await held
    const failure = random(20) === 0 ? NOT_JUDGED[random(NOT_JUDGED.length)] : undefined
    return failure ?? (Number(code) % 2 === 0 ? { verdict: 'approved' } : { verdict: 'denied', challengeSid })
  }

  const like: TwilioLike = {
    broken: false,
    name: 'twilio',
    serviceSid: SERVICE_SID,
    requireConfig () {},

    async bind ({ identity, config }) {
      const remote = { serviceSid: SERVICE_SID, identity, sid: newSid('YF') }
      return { secret: 'A'.repeat(32), uri: 'otpauth://totp/Acme', config, remote }
    },

    verify: async (_remote, code) => await outcome(code, null),
    challenge: async (_remote, code, pending) =>
      await outcome(code, pending ?? `YC${randomBytes(16).toString('hex')}`),

    async removeEntity () {},

    async remove () {
      if (like.broken) throw FAILED
    },

    async fetch () { throw FAILED },

    hold () {
      let release = () => {}
      held = new Promise(resolve => { release = resolve })
      return release
    }
  }
  return like
}
