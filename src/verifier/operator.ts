import { voidApprovals } from '../entity/approvals.js'
import { newEntity, noAttempts, type Entity, type Pass } from '../entity/entity.js'
import { keptAbout, type KeptEntity } from '../entity/kept.js'
import { livingUnverified, removeUnverified, removeVerified } from '../entity/factors.js'
import { canonicalRecoveryCode, LONGEST_PASS, newRecoveryCode, recoveryHash } from '../entity/recovery-codes.js'
import { NotEnrolledError } from '../errors.js'
import type { TotpEventType } from '../events.js'
import { checkOptions, integer, required } from '../option-checks.js'
import { ownOnly } from '../own-property.js'
import { change, type VerifierContext } from './context.js'
import type { Decision, EventDraft } from './entities.js'
import { deleteLeftovers } from './remote/leftovers.js'

/**
 * All that is kept about an identity, without secrets; null where nothing is. An entity that is being moved
 * is shown, too.
 */
export async function showEntity (context: VerifierContext, identity: string): Promise<KeptEntity | null> {
  return await context.entities.changeClosed({ identity, operator: true }, stored => ({
    answer: stored && keptAbout(stored)
  }))
}

/** Voids all approvals and the unverified factor of an identity, for example after a change of password. */
export async function revoke (context: VerifierContext, identity: string): Promise<void> {
  await operate(context, identity, 'identity.revoked', voidApprovals)
}

/** Clears the counts, the lock and the disabled state of an identity; its factors stay. */
export async function unlock (context: VerifierContext, identity: string): Promise<void> {
  await operate(context, identity, 'identity.unlocked', (entity, now) => ({
    ...entity, attempts: { ...noAttempts(now), pending: entity.attempts.pending }
  }))
}

/**
 * Removes every factor of an identity, and everything else that is kept about it. Factors that Twilio still
 * has are remembered, and calling this again deletes them there.
 */
export async function reset (context: VerifierContext, identity: string): Promise<void> {
  await change(context, { identity, operator: true }, (entity, now): Decision<undefined> => {
    if (entity === null) return { answer: undefined }
    const sids = entity.factors.map(({ sid }) => sid)
    const { leftovers } = removeVerified(removeUnverified(entity), sids)
    const unverified = livingUnverified(entity, now)
    const deleted = [...sids, ...unverified === null ? [] : [unverified.sid]]
    return {
      // The sid stays until Twilio has deleted its entity, which has the sid for a name.
      next: leftovers.length === 0 ? null : { ...newEntity(identity, now), sid: entity.sid, leftovers },
      answer: undefined,
      events: [
        { type: 'identity.reset', factorSid: null },
        ...deleted.map((factorSid): EventDraft => ({ type: 'factor.deleted', factorSid }))
      ]
    }
  })
  await deleteLeftovers(context, { identity, operator: true })
}

/** Options of `pass`. */
export interface PassOptions {
  /** Seconds that the pass may be spent, 1 to 86400. @default 600 */
  readonly for?: number
  /** Who issues it, for the events: 1 to 256 characters. */
  readonly by: string
}

/** A single-use code for a user who lost their phone. It is in this answer and nowhere else. */
export interface IssuedPass {
  /** 24 characters in groups of four. The user types it where recovery codes are typed. */
  readonly code: string
  /** When it ends at the latest, in Unix seconds. */
  readonly expiresAt: number
}

/** The options of a pass, for operators who type them, too. */
export const PASS_OPTIONS = {
  for: integer(1, LONGEST_PASS),
  by: required({
    isValid: name => typeof name === 'string' && /^[^\0\p{Cs}]{1,256}$/su.test(name),
    expected: 'must say who issues the pass, in 1 to 256 characters'
  })
}

/**
 * Issues a pass, in the place of one that wasn't spent. Refused for an identity without a verified factor,
 * whose user simply enrolls. Void after the next approval, and with everything that voids approvals.
 */
export async function issuePass (
  context: VerifierContext, identity: string, options: PassOptions
): Promise<IssuedPass> {
  checkOptions(options, PASS_OPTIONS, 'pass.')
  const { for: life = 600, by } = ownOnly(options)
  return await change(context, { identity, operator: true }, (entity, now): Decision<IssuedPass> => {
    if (entity === null || entity.factors.length === 0) throw new NotEnrolledError()
    const code = newRecoveryCode()
    const hash = recoveryHash('pass', entity.sid, canonicalRecoveryCode(code))
    const pass: Pass = { hash, by, at: now, life, generation: entity.generation }
    return {
      next: { ...entity, pass },
      answer: { code, expiresAt: now + life },
      events: [{ type: 'pass.issued', factorSid: null, method: 'pass', by }]
    }
  })
}

/** Does nothing where nothing is kept about the identity. */
async function operate (
  context: VerifierContext,
  identity: string,
  type: TotpEventType,
  act: (entity: Entity, now: number) => Entity
): Promise<void> {
  await change(context, { identity, operator: true }, (entity, now) => {
    if (entity === null) return { answer: undefined }
    return { next: act(entity, now), answer: undefined, events: [{ type, factorSid: null }] }
  })
}
