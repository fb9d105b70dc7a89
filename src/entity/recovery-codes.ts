import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { MalformedError } from '../errors.js'
import { encodeSecret } from '../otp/secret.js'
import { isWithin } from '../time/age.js'
import { voidApprovals } from './approvals.js'
import { MAX_RECOVERY_CODES, noAttempts, type Entity, type Pass } from './entity.js'

/** The longest that a pass may last, in seconds: a day. */
export const LONGEST_PASS = 86_400

/** How often blanks and hyphens may stand between characters: an attacker must not send a book. */
const LONGEST_SPELLING = 256

/** The kinds of single-use codes. Each is hashed under its own label, so neither passes for the other. */
export type RecoveryMethod = 'recovery' | 'pass'

/** A new single-use code of 120 bits: 24 base32 characters in groups of four. */
export function newRecoveryCode (): string {
  return encodeSecret(randomBytes(15)).replace(/.{4}(?=.)/g, '$&-')
}

/**
 * The form in which recovery codes and passes are compared. Case, blanks and hyphens don't matter. Throws
 * `MalformedError` for anything else.
 */
export function canonicalRecoveryCode (typed: unknown): string {
  const isShort = typeof typed === 'string' && typed.length <= LONGEST_SPELLING
  const code = isShort ? typed.normalize('NFKC').replace(/[\s\p{Z}\p{Cf}\p{Pd}]/gu, '') : ''
  // Before the case is changed, because some foreign letters have capitals of this alphabet.
  if (!/^[A-Za-z2-7]{24}$/.test(code)) {
    throw new MalformedError('code must have 24 characters, each from A to Z or from 2 to 7')
  }
  return code.toUpperCase()
}

/**
 * The hash that an entity keeps in place of a code in its canonical form. With 120 bits, a slow hash would
 * gain nothing.
 */
export function recoveryHash (method: RecoveryMethod, entitySid: string, code: string): string {
  return hash('sha256', [`fastify-verify-totp ${method}`, entitySid, code].join('\n'), 'base64url')
}

/** The entity with new recovery codes in the place of those it had, and the codes, to be shown once. */
export function withNewRecoveryCodes (entity: Entity, count: number): { entity: Entity, codes: string[] } {
  const codes = Array.from({ length: count }, newRecoveryCode)
  const recoveryCodes = codes.map(code => recoveryHash('recovery', entity.sid, canonicalRecoveryCode(code)))
  return { entity: { ...entity, recoveryCodes }, codes }
}

/** True while a pass may be spent: nothing has voided it, and its time isn't over. */
export function isPassInForce ({ generation }: Entity, pass: Pass, now: number): boolean {
  return pass.generation === generation && isWithin(pass.life, pass.at, now)
}

/** A code that was spent, and the entity afterwards. */
export interface Spent {
  readonly method: RecoveryMethod
  /** Who gave the pass out; null for a recovery code. */
  readonly by: string | null
  readonly entity: Entity
}

/** Stands in for an entity, and for codes that are absent. Nothing has this hash. */
const NO_ENTITY = 'YE'
const NO_HASH = '-'.repeat(43)

/**
 * Spends a recovery code or the pass. Lock, disabled state and counts end with it, and so do all approvals
 * and everything that was remembered. Null for any other code, after the same work whatever the entity has.
 */
export function spendRecoveryCode (
  entity: Entity | null, code: string, isOn: boolean, now: number
): Spent | null {
  const sid = entity?.sid ?? NO_ENTITY
  const [asRecovery, asPass] = [recoveryHash('recovery', sid, code), recoveryHash('pass', sid, code)]
  const kept = isOn ? entity?.recoveryCodes ?? [] : []
  const slots = Array.from({ length: MAX_RECOVERY_CODES }, (_, place) => kept[place] ?? NO_HASH)
  const matching = slots.filter(stored => isEqual(stored, asRecovery))
  const isPass = isEqual(entity?.pass?.hash ?? NO_HASH, asPass)
  if (entity === null || entity.factors.length === 0) return null

  const [match] = matching
  if (match !== undefined) {
    const recoveryCodes = entity.recoveryCodes.filter(stored => stored !== match)
    return { method: 'recovery', by: null, entity: reopened({ ...entity, recoveryCodes }, now) }
  }
  if (!isPass || entity.pass === null || !isPassInForce(entity, entity.pass, now)) return null
  return { method: 'pass', by: entity.pass.by, entity: reopened({ ...entity, pass: null }, now) }
}

/** True for one of the codes that are left, in its canonical form. All are compared. */
export function hasRecoveryCode ({ sid, recoveryCodes }: Entity, code: string): boolean {
  const hashed = recoveryHash('recovery', sid, code)
  return recoveryCodes.filter(stored => isEqual(stored, hashed)).length > 0
}

/** Attempts under way at a remote provider stay reserved. */
function reopened (entity: Entity, now: number): Entity {
  return voidApprovals({ ...entity, attempts: { ...noAttempts(now), pending: entity.attempts.pending } })
}

function isEqual (one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
