import type { Session } from '../entity/approvals.js'
import type { AttemptLimits } from '../entity/attempts.js'
import type { Entity, UnverifiedFactor } from '../entity/entity.js'
import { withoutExpired } from '../entity/expiry.js'
import { enrolledBy, livingUnverified } from '../entity/factors.js'
import { MalformedError, type TotpError } from '../errors.js'
import type { TotpEvent } from '../events.js'
import { passage } from '../guard.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Providers } from '../providers/providers.js'
import type { Keyring } from '../seal.js'
import type { Decide, Decision, Entities } from './entities.js'
import { identityOf, type Caller } from './caller.js'

/** What every use case works with. */
export interface VerifierContext {
  readonly entities: Entities
  readonly providers: Providers
  readonly digests: Keyring['digests']
  readonly tags: Keyring['tags']
  readonly emit: (event: TotpEvent) => void
  readonly limits: AttemptLimits
  /** What new factors are made of. */
  readonly config: TotpConfig
  /** Seconds that an approval lasts. */
  readonly maxAge: number
  /** Seconds that an approval is fresh enough to change factors. */
  readonly freshness: number
  /** Verified factors of one identity. */
  readonly maxFactors: number
  /** Whether factors of other providers give way to new ones. */
  readonly reenroll: boolean
  /** Seconds that one question to a remote provider may take. */
  readonly timeout: number
}

/** What the session has to keep from now on. */
export interface NewMark {
  /** The session's new mark; null when it keeps the one that it has, or when there is no session. */
  readonly mark: string | null
}

/** Changes the caller's entity; what has expired goes with the write. */
export function change<T> (
  { entities, maxAge }: VerifierContext, caller: Pick<Caller, 'identity'>, decide: Decide<T>
): Promise<T> {
  return entities.change(identityOf(caller.identity), (entity, now): Decision<T> => {
    const decision = decide(entity, now)
    if (decision.next === undefined || decision.next === null) return decision
    return { ...decision, next: withoutExpired(decision.next, maxAge, now) }
  })
}

/** Changing factors takes an approval that was given just now; operators need none. Null when it is there. */
export function stalenessOf (
  { limits, freshness }: VerifierContext, entity: Entity, session: Session | null, now: number
): TotpError | null {
  if (session === null) return null
  const fresh = passage(entity, session, { maxAge: freshness, unenrolled: 'deny' }, limits, now)
  return fresh.passes ? null : fresh.refusal
}

/** The unverified factor, if it is of use, and this session enrolled it; an operator may have anybody's. */
export function ownUnverified (
  entity: Entity, session: Session | null, now: number
): UnverifiedFactor | null {
  const unverified = livingUnverified(entity, now)
  const own = unverified !== null && (session === null || enrolledBy(unverified, session))
  return own ? unverified : null
}

/**
 * A code of another length than the factors' can't be theirs: a slip rather than a guess, and not counted.
 */
export function requireLength (code: string, configs: readonly TotpConfig[]): void {
  const lengths = new Set(configs.map(({ codeLength }) => codeLength))
  if (!lengths.has(code.length)) throw new MalformedError(`code must have ${[...lengths].join(' or ')} digits`)
}
