import assert from 'node:assert/strict'
import { TotpError, type Operator, type SessionCaller, type Verifier } from '../../src/index.js'
import type { Random } from '../../src/testing/store-suite/random.js'
import { IDENTITY, NAME } from './fullest.js'

/** The apps that hold the secrets of factors. */
export interface Phones {
  /** Learns the secret of a factor that was just enrolled. */
  add (sid: string, secret: string): void
  /** A code that is right now, or was, when it is spent. */
  right (sid: string): string
  wrong (sid: string): string
}

/** A user's second factor over a long time. */
export interface Life {
  readonly verifier: Verifier
  readonly random: Random
  readonly phones: Phones
  readonly operations: number
  now (): number
  /** Lets a while pass before each operation. */
  pass (): void
  /** Events that happen three times, when the document has just grown to its caps. */
  readonly incidents?: ReadonlyArray<(life: Living) => Promise<unknown>>
}

type Happens = () => Promise<unknown>

/** The parts of a life that an incident uses. */
export interface Living {
  /** Of the verified factors, as far as the user knows. */
  readonly sids: readonly string[]
  /** One of the login sessions. */
  session (): SessionCaller
  /** Removes a verified factor. */
  remove (): Promise<void>
}

/** Login sessions in use most of the time, and at the end of an era: more than a document keeps. */
const [SOME, MANY] = [4, 150]
/** Each ends with many sessions, and all but the last with the incidents. */
const ERAS = 4
/** Operations at the end of an era. */
const CROWDED = 600
/** A recovery code that no one has. */
const UNKNOWN = 'AAAA-BBBB-CCCC-DDDD-EEEE-2222'
export const OPERATOR: Operator = { identity: IDENTITY, operator: true }

/** Refusals that are part of life; any other error is a failure. */
const REFUSALS = [
  'ERR_TOTP_NOT_ENROLLED', 'ERR_TOTP_CHALLENGE_REQUIRED', 'ERR_TOTP_CHALLENGE_DENIED', 'ERR_TOTP_LOCKED',
  'ERR_TOTP_DISABLED', 'ERR_TOTP_FACTOR_NOT_FOUND', 'ERR_TOTP_FACTOR_LIMIT', 'ERR_TOTP_CONFLICT',
  'ERR_TOTP_PROVIDER'
]

/** Lives it. Answers how often each thing was done, and how often each refusal was met. */
export async function live (life: Life): Promise<Readonly<Record<string, number>>> {
  const { verifier, random, phones, operations, now, pass, incidents = [] } = life
  const marks: Array<string | null> = Array.from({ length: MANY }, () => null)
  /** The tokens in the cookie of each session's browser. */
  const cookies: Array<readonly string[]> = Array.from({ length: MANY }, () => [])
  const sids: string[] = []
  const counts: Record<string, number> = {}
  const count = (what: string) => { counts[what] = (counts[what] ?? 0) + 1 }

  let codes: readonly string[] = []
  let sessions = SOME
  const index = () => random(sessions)
  const callerOf = (index: number): SessionCaller => ({
    identity: IDENTITY,
    session: { mark: marks[index] ?? null, began: now() },
    browser: { tokens: cookies[index] ?? [] }
  })
  const aFactor = () => sids[random(sids.length)] ?? 'YF'.padEnd(34, '0')
  const living: Living = { sids, session: () => callerOf(index()), remove }

  /** Gives a session its new mark. */
  async function keep (index: number, asked: Promise<{ readonly mark: string | null }>): Promise<void> {
    const { mark } = await asked
    marks[index] = mark ?? marks[index] ?? null
  }

  /** The session that it was. */
  async function challenge (codeOf: (sid: string) => string): Promise<number> {
    const [i, factorSid] = [index(), aFactor()]
    await keep(i, verifier.challenge(callerOf(i), { code: codeOf(factorSid), factorSid }))
    return i
  }

  /** By a right code, in the browser of one of the sessions. */
  async function remember (): Promise<void> {
    const [i, factorSid] = [index(), aFactor()]
    const options = { code: phones.right(factorSid), factorSid, remember: true }
    const { mark, browserTokens } = await verifier.challenge(callerOf(i), options)
    marks[i] = mark ?? marks[i] ?? null
    cookies[i] = browserTokens ?? []
  }

  async function forget (): Promise<void> {
    const i = index()
    const { browserTokens } = await verifier.forgetBrowser(callerOf(i), 'current')
    cookies[i] = browserTokens ?? cookies[i] ?? []
  }

  async function enroll (): Promise<void> {
    const { factor, secret } = await verifier.enroll(OPERATOR, { friendlyName: NAME })
    phones.add(factor.sid, secret)
    if (random(3) === 0) return
    const code = random(5) === 0 ? phones.wrong(factor.sid) : phones.right(factor.sid)
    await verifier.verify(OPERATOR, factor.sid, code)
    sids.push(factor.sid)
  }

  /** By a session, which may do it while its approval is fresh. */
  async function enrollUnverified (): Promise<void> {
    const i = index()
    await keep(i, verifier.enroll(callerOf(i), { friendlyName: NAME }))
  }

  async function newCodes (): Promise<void> {
    const i = await challenge(phones.right)
    codes = (await verifier.newRecoveryCodes(callerOf(i))).recoveryCodes
  }

  async function recover (): Promise<void> {
    const i = index()
    await keep(i, verifier.recover(callerOf(i), codes[random(codes.length)] ?? UNKNOWN))
  }

  async function recoverByPass (): Promise<void> {
    const i = index()
    const { code } = await verifier.pass(IDENTITY, { for: 86_400, by: NAME })
    if (sessions === SOME) await keep(i, verifier.recover(callerOf(i), code))
  }

  async function withdraw (i: number): Promise<void> {
    await keep(i, verifier.withdraw(callerOf(i)))
  }

  async function withdrawAll (): Promise<void> {
    for (const i of marks.keys()) await withdraw(i)
  }

  async function remove (): Promise<void> {
    const sid = sids.pop()
    if (sid !== undefined) await verifier.remove(OPERATOR, sid)
  }

  const happenings: Record<string, readonly [weight: number, happens: Happens]> = {
    'right code': [330, async () => await challenge(phones.right)],
    'right code, to be remembered': [100, remember],
    'forgotten browser': [5, forget],
    'wrong code': [120, async () => await challenge(phones.wrong)],
    withdrawal: [60, async () => await withdraw(index())],
    enrollment: [40, enroll],
    'enrollment by a session': [40, enrollUnverified],
    rename: [20, async () => await verifier.rename(OPERATOR, aFactor(), NAME)],
    unlock: [5, async () => await verifier.unlock(IDENTITY)],
    // Each ends all approvals, so that there would never be many.
    'new recovery codes': [20, newCodes],
    recovery: [5, async () => { if (sessions === SOME) await recover() }],
    pass: [5, recoverByPass],
    removal: [20, async () => { if (sessions === SOME) await remove() }],
    'log-in': [20, async () => { marks[index()] = null }],
    guard: [100, async () => await verifier.check(living.session())]
  }
  const wheel = Object.entries(happenings).flatMap(([what, [weight, happens]]) =>
    Array.from({ length: weight }, () => [what, happens] as const))

  const era = Math.floor(operations / ERAS)
  for (let i = 1; i <= operations; i++) {
    pass()
    sessions = i % era > era - CROWDED ? MANY : SOME
    const [what, happens] = wheel[random(wheel.length)] ?? assert.fail()
    count(what)
    const refusal = await refusalOf(happens())
    if (refusal !== null) count(refusal)
    if (i % era !== 0 || i === operations) continue
    for (const incident of [...incidents, withdrawAll]) await incident(living)
  }
  return counts
}

/** The code of a refusal that is part of life, or null when there was none. */
export async function refusalOf (asked: Promise<unknown>): Promise<string | null> {
  try {
    await asked
    return null
  } catch (error) {
    if (error instanceof TotpError && REFUSALS.includes(error.code)) return error.code
    throw error
  }
}
