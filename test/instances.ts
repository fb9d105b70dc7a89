import { memoryStore } from '../src/index.js'
import { encodeSecret } from '../src/otp/secret.js'
import { authenticator } from './authenticator.js'
import { site, START, type Site, type SiteOptions } from './site.js'
import type { Enrolled } from './visitor.js'

/** Several instances of one application on one store, with one clock. */
export interface Instances {
  readonly all: readonly Site[]
  readonly one: Site
  readonly two: Site
  now (): number
  wait (seconds: number): void
}

/** Two instances; each keeps its own login sessions, as if a load balancer were sticky. */
export async function instances (
  t: { after (fn: () => Promise<void>): void }, options: SiteOptions = {}
): Promise<Instances> {
  const store = options.totp?.store ?? memoryStore()
  let time = START
  const shared = { ...options, totp: { clock: () => time, ...options.totp, store } }
  const one = await site(t, shared)
  const two = await site(t, shared)
  return { all: [one, two], one, two, now: () => time, wait: seconds => { time += seconds } }
}

/** Gives an identity a verified factor with a secret of ASCII text, as an operator may. */
export async function importFactor (
  { app }: Site, identity: string, text: string, now: number
): Promise<Omit<Enrolled, 'uri' | 'qr'>> {
  const operator = { identity, operator: true } as const
  const secret = encodeSecret(Buffer.from(text))
  const { factor } = await app.totp.enroll(operator, { friendlyName: 'imported', secret })
  const phone = authenticator(secret)
  await app.totp.verify(operator, factor.sid, phone.code(now))
  return { ...phone, sid: factor.sid, secret }
}
