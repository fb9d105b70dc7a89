import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import * as OTPAuth from 'otpauth'
import verifyTotp, {
  type EntityStore, type FastifyTotpOptions, type SessionCaller, type Verifier
} from '../../../dist/index.js'

/** Seconds of a time step: after each of them every user has a code that isn't spent. */
export const STEP = 30
const START = 1_800_000_000
/** All users share it, each with a seal of their own, so one code is right for all of them. */
export const SECRET = Buffer.from('12345678901234567890')
const phone = new OTPAuth.Secret({ buffer: new Uint8Array(SECRET).buffer })

/** A clock that the bench moves. */
export interface HandClock {
  readonly now: () => number
  /** Moves on by one time step. */
  tick (): void
}

/** A clock that stands still between ticks. */
export function handClock (): HandClock {
  let now = START
  return { now: () => now, tick () { now += STEP } }
}

/** The right code, for all users. */
export function codeAt (now: number): string {
  return new OTPAuth.TOTP({ secret: phone }).generate({ timestamp: now * 1000 })
}

/** A code that is wrong in the whole window. */
export function wrongCodeAt (now: number): string {
  const right = [-1, 0, 1].map(step => codeAt(now + step * STEP))
  return ['000000', '000001', '000002', '000003'].find(code => !right.includes(code)) ?? ''
}

/** A server that has the plugin, and no route of its own. */
export async function serverOver (
  store: EntityStore, clock: HandClock, options: Partial<FastifyTotpOptions> = {}
): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(verifyTotp, {
    issuer: 'Acme',
    keys: [randomBytes(32)],
    store,
    identify: () => undefined,
    session: { read: () => undefined, write: () => {} },
    clock: clock.now,
    ...options
  })
  return app
}

/** A server with the second factor on it. */
export interface WithTotp { readonly totp: Pick<Verifier, 'enroll' | 'verify' | 'challenge'> }

/** Enrolls a user and approves a session; returns the caller to whom that session belongs. */
export async function enrollAndApprove (
  app: WithTotp, identity: string, clock: HandClock
): Promise<SessionCaller> {
  const operator = { identity, operator: true } as const
  const { factor } = await app.totp.enroll(operator, { friendlyName: identity, secret: phone.base32 })
  await app.totp.verify(operator, factor.sid, codeAt(clock.now() - STEP))
  const session = { mark: null, began: clock.now() }
  const { mark } = await app.totp.challenge({ identity, session }, { code: codeAt(clock.now()) })
  return { identity, session: { mark, began: clock.now() } }
}
