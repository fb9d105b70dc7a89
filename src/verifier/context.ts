import type { AttemptLimits } from '../entity/attempts.js'
import type { ClaimSettings } from '../entity/claims.js'
import type { Entity } from '../entity/entity.js'
import { withoutExpired } from '../entity/expiry.js'
import type { Session } from '../entity/mark.js'
import type { Emit } from '../events.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Providers } from '../providers/providers.js'
import { hasOwn } from '../own-property.js'
import type { Keyring } from '../seal.js'
import { nextOf, type Decide, type Decision, type Entities } from './entities.js'
import type { Caller } from './caller.js'

/** The parts and settings that every use case works with. */
export interface VerifierContext extends Keyring {
  readonly entities: Entities
  readonly providers: Providers
  readonly emit: Emit
  readonly limits: AttemptLimits
  readonly claims: ClaimSettings
  /** The service's name in authenticator apps. */
  readonly issuer: string
  /** Hash, code length, time step and skew of new factors. */
  readonly config: TotpConfig
  /** Seconds that an approval lasts. */
  readonly maxAge: number
  /** Seconds after an approval during which the session may change factors. */
  readonly freshness: number
  /** Recovery codes of a new set; 0 turns them off. */
  readonly recoveryCodes: number
  /** Seconds that a browser is remembered; 0 turns that off. */
  readonly rememberFor: number
  /** Verified factors that one identity may have. */
  readonly maxFactors: number
  /** Whether a new factor replaces those of former providers. */
  readonly reenroll: boolean
  /** Seconds that one call to a remote provider may take. */
  readonly timeout: number
}

/** The state that a use case decides on. */
export interface Situation {
  readonly entity: Entity
  /** The login session of the request; null for an operator. */
  readonly session: Session | null
  /** Unix seconds. */
  readonly now: number
}

/** The mark that the session has to keep from now on. */
export interface NewMark {
  /**
   * Give it to the session. Null when the session keeps the mark that it has, or when there is no session.
   */
  readonly mark: string | null
}

/**
 * Changes the caller's entity. The write also drops what has expired. With `codes` the change judges a code,
 * and goes before other requests of the user.
 */
export function change<T> (
  { entities, maxAge, freshness }: VerifierContext,
  caller: Caller,
  decide: Decide<T>,
  { codes = false } = {}
): Promise<T> {
  const ages = { maxAge, freshness }
  const urgency = codes ? 'code' : hasOwn(caller, 'session') ? 'other' : 'operator'
  return entities.change(caller, (entity, now): Decision<T> => {
    const decision = decide(entity, now)
    const next = nextOf(decision)
    if (next === undefined || next === null) return decision
    return { ...decision, next: withoutExpired(next, ages, now) }
  }, urgency)
}
