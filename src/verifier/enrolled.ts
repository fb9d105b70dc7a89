import { countEnrollment } from '../entity/enrollments.js'
import type { Entity, UnverifiedFactor } from '../entity/entity.js'
import { dropUnverified, publicFactor, type Factor } from '../entity/factors.js'
import type { FactorNames } from '../entity/friendly-name.js'
import type { Session } from '../entity/mark.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Decision } from './entities.js'
import type { Caller } from './caller.js'
import type { NewMark, VerifierContext } from './context.js'
import { refusalOnceWithdrawn, refusalToEnroll, refusalToEnrollAgain, throwRefusal } from './preconditions.js'

/** Options of `enroll`: a name that the user typed, or an account name, or both. */
export type EnrollOptions = (TypedName | DerivedName) & {
  /**
   * Base32 of a secret that was created elsewhere, 16 to 128 bytes; case, blanks and hyphens don't matter.
   * @default a new random secret
   */
  readonly secret?: string | undefined
  /** For operators: the parameters of the codes of an imported secret. @default the option `config` */
  readonly config?: ImportedConfig | undefined
}

interface TypedName {
  /**
   * The name that the user typed for the factor: 1 to 64 characters, at least one of them visible, without
   * colon, control characters and direction overrides. Any other is refused with 400. @default the account
   */
  readonly friendlyName: string
  /**
   * The account name, such as the user's mail address, which the app shows even beside a typed name. One that
   * doesn't fit is shortened, and characters that apps can't show are replaced. With Twilio as the provider,
   * Twilio learns it. Null where there is none: without a typed name, the app then shows the issuer.
   */
  readonly account?: string | null | undefined
}

interface DerivedName {
  readonly friendlyName?: string | undefined
  readonly account: string | null
}

/** Parameters of an imported factor's codes, in the ranges of the option `config`. */
export interface ImportedConfig extends Omit<TotpConfig, 'skew'> {
  /** Steps accepted on either side of the current one, 0 or 1. @default that of the option `config` */
  readonly skew?: number
}

/** Answer of `enroll`. The secret and the URI are in this answer and nowhere else. */
export interface Enrolled extends NewMark {
  /** The unverified factor. It expires after ten minutes, or after five wrong codes. */
  readonly factor: Factor
  /** The secret in base32, for users who can't scan. */
  readonly secret: string
  /** The `otpauth://` URI, for the QR code. */
  readonly uri: string
}

/** An enrollment under way. */
export interface Enrollment {
  readonly caller: Caller
  /** Base32 of a secret that was created elsewhere; undefined for a new one. */
  readonly secret: string | undefined
  readonly config: TotpConfig
  /** The names of the new factor, beside the factors that the entity has. */
  readonly namesIn: (entity: Entity) => FactorNames
  readonly session: Session | null
  /** The mark for a session that has none yet; null otherwise, and for an operator. */
  readonly mark: string | null
  /** Hash of the mark that the session has, or gets now; null for an operator. */
  readonly hash: string | null
}

/** Counts the enrollment of a session. Throws unless it may begin now. */
export function begun (
  context: VerifierContext, entity: Entity, enrollment: Enrollment, now: number
): Entity {
  const { session } = enrollment
  requireEnrollable(context, entity, enrollment, now)
  throwRefusal(refusalToEnrollAgain({ entity, session, now }))
  return session === null ? entity : countEnrollment(entity, now)
}

/** Throws unless this enrollment may add a factor now. */
export function requireEnrollable (
  context: VerifierContext, entity: Entity, { session }: Enrollment, now: number
): void {
  const situation = { entity, session, now }
  throwRefusal(refusalOnceWithdrawn(situation, context.freshness) ?? refusalToEnroll(context, situation))
}

/** The part of an unverified factor that doesn't depend on its provider. */
export function unverifiedPart (
  { generation }: Entity, { config, hash }: Enrollment, friendlyName: string, sid: string, now: number
) {
  return { sid, friendlyName, config, createdAt: now, hash, generation, failures: 0 }
}

/** The new unverified factor, in the place of the one that the identity may have had. */
export function enrolled (
  entity: Entity, { mark }: Enrollment, unverified: UnverifiedFactor, shown: Pick<Enrolled, 'secret' | 'uri'>
): Decision<Enrolled> {
  return {
    next: { ...dropUnverified(entity), unverified },
    answer: { factor: publicFactor(unverified), ...shown, mark },
    events: [{ type: 'factor.created', factorSid: unverified.sid }]
  }
}
