import type { TotpConfig } from '../otp/totp.js'
import { hashOf, voidApprovals, type Session } from './approvals.js'
import { isWithin } from './age.js'
import type { Entity, UnverifiedFactor, VerifiedFactor } from './entity.js'

/** One enrolled authenticator app, without its secret. Times are Unix seconds. */
export interface Factor {
  /** `YF` and 32 hex digits. */
  readonly sid: string
  /** The account name that the app shows. */
  readonly friendlyName: string
  /** Whether it has given a right code. */
  readonly status: 'unverified' | 'verified'
  /** What its codes are made of. */
  readonly config: TotpConfig
  /** When it was enrolled, in Unix seconds. */
  readonly createdAt: number
  /** When it gave its first right code, in Unix seconds; null for an unverified one. */
  readonly verifiedAt: number | null
  /** When it last gave a right code, in Unix seconds; null for an unverified one. */
  readonly lastUsedAt: number | null
}

/** Seconds that an unverified factor lives. */
const UNVERIFIED_LIFE = 600
/** Wrong codes that end an unverified factor. */
const UNVERIFIED_ATTEMPTS = 5

/** The unverified factor, if it is still of use: not expired, not of an earlier generation. */
export function livingUnverified ({ unverified, generation }: Entity, now: number): UnverifiedFactor | null {
  if (unverified === null || unverified.generation !== generation) return null
  return isWithin(UNVERIFIED_LIFE, unverified.createdAt, now) ? unverified : null
}

/** True for the session that enrolled the factor. */
export function enrolledBy (unverified: UnverifiedFactor, session: Session): boolean {
  return session.mark !== null && unverified.hash === hashOf(session.mark)
}

/** One wrong code for the unverified factor; the last one that it may have ends it. It counts on no other. */
export function countUnverifiedFailure (entity: Entity, unverified: UnverifiedFactor): Entity {
  const failures = unverified.failures + 1
  return { ...entity, unverified: failures < UNVERIFIED_ATTEMPTS ? { ...unverified, failures } : null }
}

/**
 * Turns the unverified factor into a verified one; its code's step is burnt. The first one puts every session
 * of the identity behind the guard: what was approved or enrolled before is void.
 */
export function verifyFactor (
  entity: Entity, unverified: UnverifiedFactor, lastStep: number, now: number
): Entity {
  const { hash, generation, failures, ...enrolled } = unverified
  const factor: VerifiedFactor = { ...enrolled, verifiedAt: now, lastUsedAt: now, lastStep }
  const verified = { ...entity, factors: [...entity.factors, factor], unverified: null }
  return entity.factors.length === 0 ? voidApprovals(verified) : verified
}

/** Removes a verified factor; with it go all approvals of the identity. */
export function removeVerified (entity: Entity, sid: string): Entity {
  return voidApprovals({ ...entity, factors: entity.factors.filter(factor => factor.sid !== sid) })
}

/** The same factor as one may see it. */
export function publicFactor (factor: VerifiedFactor | UnverifiedFactor): Factor {
  const { sid, friendlyName, config, createdAt } = factor
  const enrolled = { sid, friendlyName, config, createdAt }
  if (!('verifiedAt' in factor)) return { ...enrolled, status: 'unverified', verifiedAt: null, lastUsedAt: null }
  return { ...enrolled, status: 'verified', verifiedAt: factor.verifiedAt, lastUsedAt: factor.lastUsedAt }
}
