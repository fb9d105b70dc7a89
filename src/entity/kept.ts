import { factorSidOf } from './approvals.js'
import type { Entity, Remote, TwilioFactor, UnverifiedFactor, VerifiedFactor } from './entity.js'
import type { Approval } from './approvals.js'
import { publicFactor, type Factor } from './factors.js'
import { hasOwn } from '../own-property.js'

/** A factor as it is kept, without its secret. */
export interface KeptFactor extends Factor {
  /** The provider that created it. */
  readonly provider: VerifiedFactor['provider']
  /** Where Twilio keeps it; null for an embedded factor. */
  readonly remote: Remote | null
  /** The time step of the last code that was spent; null where that isn't kept. */
  readonly lastStep: number | null
  /** At Twilio: when the codes were spent that are still kept. */
  readonly spentAt: readonly number[]
  /** At Twilio: the challenge that a wrong code left pending; null without one. */
  readonly challenge: TwilioFactor['challenge']
  /** At Twilio: when its challenges of the last day were created. */
  readonly challengedAt: readonly number[]
  /** Wrong first codes; 0 for a verified factor. */
  readonly failures: number
  /** At Twilio: since when a first code is being judged; null otherwise. */
  readonly askedAt: number | null
}

/** An attempt whose code Twilio is judging. */
export interface KeptAttempt {
  /** The factor whose code it is. */
  readonly factorSid: string
  /** When it began. */
  readonly at: number
}

/** The attempts of an identity, as they are kept. */
export interface KeptAttempts {
  /** Wrong codes since the last right one. */
  readonly failures: number
  /** Attempts since then whose outcome was never learned. */
  readonly unknown: number
  /** Attempts that Twilio is judging. */
  readonly pending: readonly KeptAttempt[]
  /** Wrong codes in all, of which one drains every six hours. */
  readonly tally: number
  /** Since when they drain. */
  readonly tallyAt: number
  /** When the last lock began; null without one since the last right code. It may have ended. */
  readonly lockedAt: number | null
  /** When challenges were disabled; null if they aren't. */
  readonly disabledAt: number | null
}

/** A pass that wasn't spent, without its code. */
export interface KeptPass {
  /** Who issued it. */
  readonly by: string
  /** When it was issued. */
  readonly at: number
  /** When it ends at the latest. */
  readonly expiresAt: number
}

/**
 * Everything that is kept about one identity, except seals, hashes, digests and tags, which say nothing about
 * its user, and counters such as the revision. Times are Unix seconds. It includes entries that expired since
 * the last change.
 */
export interface KeptEntity {
  /** The user's id. */
  readonly identity: string
  /** The random name of the document: `YE` and 32 hex digits. Log lines have it, and Twilio. */
  readonly sid: string
  /** The target of an unfinished move: its own identity if it was moved there already. Null otherwise. */
  readonly movingTo: string | null
  /** The verified factors, in the order of their verification. */
  readonly factors: readonly KeptFactor[]
  /** The factor that hasn't given a right code yet; null without one. */
  readonly unverified: KeptFactor | null
  /** When the enrollments of the last ten minutes began. */
  readonly enrolledAt: readonly number[]
  /** Wrong codes, and what came of them. */
  readonly attempts: KeptAttempts
  /** The approvals of login sessions, the oldest first. */
  readonly approvals: ReadonlyArray<Omit<Approval, 'expiresAt'>>
  /** When approvals were withdrawn, as far as that is kept. */
  readonly withdrawnAt: readonly number[]
  /** The browsers that were remembered: their names, and when. */
  readonly browsers: ReadonlyArray<{ readonly sid: string, readonly name: string, readonly at: number }>
  /** The recovery codes that are left. */
  readonly recovery: { readonly remaining: number }
  /** The pass that wasn't spent; null without one. */
  readonly pass: KeptPass | null
  /** Removed factors that Twilio still has. */
  readonly leftovers: ReadonlyArray<{ readonly sid: string, readonly remote: Remote }>
}

/**
 * Names everything that it shows: a part of the entity that is added later is missing here until it is known
 * to be no secret.
 */
export function keptAbout (entity: Entity): KeptEntity {
  const { identity, sid, movingTo, unverified, enrolledAt, attempts, withdrawn } = entity
  const { browsers, recoveryCodes, pass } = entity
  const { failures, unknown, pending, tally, tallyAt, lockedAt, disabledAt } = attempts
  return {
    identity,
    sid,
    movingTo,
    factors: entity.factors.map(keptFactor),
    unverified: unverified && keptFactor(unverified),
    enrolledAt,
    attempts: {
      failures,
      unknown,
      pending: pending.map(({ factorSid, at }) => ({ factorSid, at })),
      tally,
      tallyAt,
      lockedAt,
      disabledAt
    },
    approvals: entity.approvals.map(approval =>
      ({ method: approval.method, factorSid: factorSidOf(approval), at: approval.at })),
    withdrawnAt: withdrawn.map(({ at }) => at),
    browsers: browsers.map(({ sid, name, at }) => ({ sid, name, at })),
    recovery: { remaining: recoveryCodes.length },
    pass: pass && { by: pass.by, at: pass.at, expiresAt: pass.at + pass.life },
    leftovers: entity.leftovers.map(({ sid, remote }) => ({ sid, remote }))
  }
}

function keptFactor (factor: VerifiedFactor | UnverifiedFactor): KeptFactor {
  return {
    ...publicFactor(factor),
    provider: factor.provider,
    remote: hasOwn(factor, 'remote') ? factor.remote : null,
    lastStep: hasOwn(factor, 'lastStep') ? factor.lastStep : null,
    spentAt: hasOwn(factor, 'spent') ? factor.spent.map(({ at }) => at) : [],
    challenge: hasOwn(factor, 'challenge') ? factor.challenge : null,
    challengedAt: hasOwn(factor, 'created') ? factor.created : [],
    failures: hasOwn(factor, 'failures') ? factor.failures : 0,
    askedAt: hasOwn(factor, 'askedAt') ? factor.askedAt : null
  }
}
