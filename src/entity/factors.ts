import type { TotpConfig } from '../otp/totp.js'
import { hasOwn } from '../own-property.js'
import { isWithin } from '../time/age.js'
import { voidApprovals } from './approvals.js'
import {
  MAX_LEFTOVERS, type EmbeddedFactor, type Entity, type UnverifiedEmbedded, type UnverifiedFactor,
  type VerifiedFactor
} from './entity.js'
import type { Session } from './mark.js'
import { leftoversOf } from './twilio-factor.js'

/** One enrolled authenticator app, without its secret. */
export interface Factor {
  /** `YF` and 32 hex digits. */
  readonly sid: string
  /** The account name that the app shows: 1 to 64 characters. */
  readonly friendlyName: string
  /** Whether it has given a right code. */
  readonly status: 'unverified' | 'verified'
  /** Hash, code length, time step and skew of its codes. */
  readonly config: TotpConfig
  /** When it was enrolled, in Unix seconds. */
  readonly createdAt: number
  /** When it gave its first right code, or was adopted, in Unix seconds; null for an unverified one. */
  readonly verifiedAt: number | null
  /** When it last gave a right code, or was adopted, in Unix seconds; null for an unverified one. */
  readonly lastUsedAt: number | null
}

/** Seconds after which an unverified factor expires. */
const UNVERIFIED_LIFE = 600
/** Wrong codes that end an unverified factor. */
const UNVERIFIED_ATTEMPTS = 5

/** The unverified factor, unless it has expired or is of an earlier generation. */
export function livingUnverified ({ unverified, generation }: Entity, now: number): UnverifiedFactor | null {
  if (unverified === null || unverified.generation !== generation) return null
  return isWithin(UNVERIFIED_LIFE, unverified.createdAt, now) ? unverified : null
}

/** The living unverified factor, if this session enrolled it; an operator (null) may have any session's. */
export function ownUnverified (
  entity: Entity, session: Session | null, now: number
): UnverifiedFactor | null {
  const unverified = livingUnverified(entity, now)
  if (unverified === null || session === null) return unverified
  return session.hash !== null && unverified.hash === session.hash ? unverified : null
}

/**
 * The unverified factor after a wrong code that its `failures` count already; null after the last one it may
 * have.
 */
export function afterFailure (unverified: UnverifiedFactor): UnverifiedFactor | null {
  return unverified.failures < UNVERIFIED_ATTEMPTS ? unverified : null
}

/** The unverified factor as a verified one, after a code of this step. */
export function verifiedEmbedded (
  { hash, generation, failures, ...enrolled }: UnverifiedEmbedded, lastStep: number, now: number
): EmbeddedFactor {
  return { ...enrolled, verifiedAt: now, lastUsedAt: now, lastStep }
}

/**
 * Adds a verified factor. The first one makes the guard demand a challenge of every session: it voids what
 * was approved or enrolled before.
 */
export function addVerified (entity: Entity, factor: VerifiedFactor): Entity {
  const added = { ...entity, factors: [...entity.factors, factor] }
  return entity.factors.length === 0 ? voidApprovals(added) : added
}

/**
 * Removes verified factors, and with any of them all approvals of the identity. Recovery codes and
 * remembered browsers go with the last one. Factors that Twilio has become leftovers until they are deleted
 * there.
 */
export function removeVerified (entity: Entity, sids: readonly string[]): Entity {
  const removed = entity.factors.filter(({ sid }) => sids.includes(sid))
  if (removed.length === 0) return entity
  const factors = entity.factors.filter(factor => !removed.includes(factor))
  const leftovers = [...entity.leftovers, ...leftoversOf(removed)].slice(-MAX_LEFTOVERS)
  const left = factors.length === 0 ? { ...entity, recoveryCodes: [], browsers: [] } : entity
  return voidApprovals({ ...left, factors, leftovers })
}

/**
 * Drops the unverified factor. Twilio deletes unverified factors by itself, but this one becomes a leftover
 * if Twilio is judging a code of it now, because a right one would verify it.
 */
export function dropUnverified (entity: Entity): Entity {
  const { unverified } = entity
  if (unverified === null) return entity
  const isPending = unverified.provider === 'twilio' && unverified.askedAt !== null
  return isPending ? removeUnverified(entity) : { ...entity, unverified: null }
}

/** Removes the unverified factor. If Twilio has it, it becomes a leftover. */
export function removeUnverified (entity: Entity): Entity {
  const removed = entity.unverified === null ? [] : leftoversOf([entity.unverified])
  return { ...entity, unverified: null, leftovers: [...entity.leftovers, ...removed].slice(-MAX_LEFTOVERS) }
}

/** The factor without anything secret. */
export function publicFactor (factor: VerifiedFactor | UnverifiedFactor): Factor {
  const { sid, friendlyName, config, createdAt } = factor
  const enrolled = { sid, friendlyName, config, createdAt }
  if (!hasOwn(factor, 'verifiedAt')) return { ...enrolled, status: 'unverified', verifiedAt: null, lastUsedAt: null }
  return { ...enrolled, status: 'verified', verifiedAt: factor.verifiedAt, lastUsedAt: factor.lastUsedAt }
}
