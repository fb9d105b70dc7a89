import type { TotpConfig } from '../otp/totp.js'
import { voidApprovals, type Session } from './approvals.js'
import { isWithin } from '../time/age.js'
import {
  MAX_LEFTOVERS, type EmbeddedFactor, type Entity, type UnverifiedEmbedded, type UnverifiedFactor,
  type VerifiedFactor
} from './entity.js'
import { leftoversOf } from './twilio-factor.js'

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
  /** When it gave its first right code, or was adopted, in Unix seconds; null for an unverified one. */
  readonly verifiedAt: number | null
  /** When it last gave a right code, or was adopted, in Unix seconds; null for an unverified one. */
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
  return session.hash !== null && unverified.hash === session.hash
}

/**
 * The unverified factor after a wrong code, counted already or not; the last one that it may have ends it. It
 * counts on no other.
 */
export function afterFailure (unverified: UnverifiedFactor): UnverifiedFactor | null {
  return unverified.failures < UNVERIFIED_ATTEMPTS ? unverified : null
}

/** Enough of an unverified factor to be verified; the step is that of the code that did it. */
export function verifiedEmbedded (
  { hash, generation, failures, ...enrolled }: UnverifiedEmbedded, lastStep: number, now: number
): EmbeddedFactor {
  return { ...enrolled, verifiedAt: now, lastUsedAt: now, lastStep }
}

/**
 * Adds a verified factor. The first one puts every session of the identity behind the guard: what was
 * approved or enrolled before is void.
 */
export function addVerified (entity: Entity, factor: VerifiedFactor): Entity {
  const added = { ...entity, factors: [...entity.factors, factor] }
  return entity.factors.length === 0 ? voidApprovals(added) : added
}

/**
 * Removes verified factors; with any of them go all approvals of the identity. What Twilio still has of them
 * is remembered until it is deleted there.
 */
export function removeVerified (entity: Entity, sids: readonly string[]): Entity {
  const removed = entity.factors.filter(({ sid }) => sids.includes(sid))
  if (removed.length === 0) return entity
  const factors = entity.factors.filter(factor => !removed.includes(factor))
  const leftovers = [...entity.leftovers, ...leftoversOf(removed)].slice(-MAX_LEFTOVERS)
  return voidApprovals({ ...entity, factors, leftovers })
}

/**
 * Drops the unverified factor. Twilio deletes it by itself, unless it is just being asked about a code, and
 * may find it right: then it is remembered.
 */
export function dropUnverified (entity: Entity): Entity {
  const { unverified } = entity
  if (unverified === null) return entity
  const asked = unverified.provider === 'twilio' && unverified.askedAt !== null
  return asked ? removeUnverified(entity) : { ...entity, unverified: null }
}

/** Removes the unverified factor, and remembers what Twilio has of it. */
export function removeUnverified (entity: Entity): Entity {
  const removed = entity.unverified === null ? [] : leftoversOf([entity.unverified])
  return { ...entity, unverified: null, leftovers: [...entity.leftovers, ...removed].slice(-MAX_LEFTOVERS) }
}

/** The same factor as one may see it. */
export function publicFactor (factor: VerifiedFactor | UnverifiedFactor): Factor {
  const { sid, friendlyName, config, createdAt } = factor
  const enrolled = { sid, friendlyName, config, createdAt }
  if (!('verifiedAt' in factor)) return { ...enrolled, status: 'unverified', verifiedAt: null, lastUsedAt: null }
  return { ...enrolled, status: 'verified', verifiedAt: factor.verifiedAt, lastUsedAt: factor.lastUsedAt }
}
