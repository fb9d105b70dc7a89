import { countEnrollment } from '../entity/enrollments.js'
import type { Entity, UnverifiedFactor } from '../entity/entity.js'
import { dropUnverified, publicFactor, type Factor } from '../entity/factors.js'
import type { Session } from '../entity/mark.js'
import type { Decision } from './entities.js'
import type { Caller } from './caller.js'
import type { NewMark, VerifierContext } from './context.js'
import { refusalOnceWithdrawn, refusalToEnroll, refusalToEnrollAgain, throwRefusal } from './preconditions.js'

/** Options of `enroll`. */
export interface EnrollOptions {
  /** The account name that the app shows: 1 to 64 characters, no colon, no control characters. */
  readonly friendlyName: string
  /**
   * Base32 of a secret that was created elsewhere, 16 to 128 bytes; case, spaces and hyphens don't matter.
   * @default a new random secret
   */
  readonly secret?: string | undefined
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
export interface Enrollment extends EnrollOptions {
  readonly caller: Caller
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
  { generation }: Entity, { friendlyName, hash }: Enrollment, sid: string, now: number
) {
  return { sid, friendlyName, createdAt: now, hash, generation, failures: 0 }
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
