import type { Approval } from '../entity/approvals.js'
import type { Entity } from '../entity/entity.js'
import { canonicalRecoveryCode, hasRecoveryCode, spendRecoveryCode, withNewRecoveryCodes } from '../entity/recovery-codes.js'
import { aboutEntity, ChallengeDeniedError, ChallengeRequiredError, MalformedError, NotEnrolledError } from '../errors.js'
import { refusalToJudge } from '../guard.js'
import type { Method } from '../method.js'
import { granted } from './approval.js'
import { sessionOf, type SessionCaller } from './caller.js'
import { change, type NewMark, type VerifierContext } from './context.js'
import type { Decision, EventDraft } from './entities.js'
import { refusalOnceWithdrawn, refusalWithoutFreshApproval, throwRefusal } from './preconditions.js'

/** Answer of `recover`. A code that isn't approved is thrown as a refusal. */
export interface Recovered extends NewMark {
  /** Always `approved`: every other outcome is thrown. */
  readonly status: 'approved'
  /** The approval that the session got. It is fresh, so a new app can be enrolled now. */
  readonly approval: Approval | null
  /** Recovery codes that are left. */
  readonly remaining: number
}

/** The event that a new set of recovery codes causes. */
export const CREATED: EventDraft = { type: 'recovery.created', factorSid: null }

/** The same whatever is wrong. */
const DENIED = 'This code was not accepted. Each one works once: try another.'

/** Counts of recovery codes left at which the application is told. */
const LOW: readonly number[] = [3, 0]

/**
 * Spends a recovery code or a pass, and approves the session; also while the identity is locked or disabled,
 * which it ends. Wrong codes aren't counted: 120 bits can't be guessed. Whatever is wrong, the refusal is the
 * same, after one read.
 */
export async function recover (
  context: VerifierContext, caller: SessionCaller, code: string
): Promise<Recovered> {
  const session = sessionOf(caller)
  const { maxAge, recoveryCodes } = context
  if (session === null) throw new ChallengeRequiredError(maxAge)
  const typed = canonicalRecoveryCode(code)
  const recovered = await change(context, caller, (entity, now): Decision<Recovered | Denied> => {
    // Before the code is judged: otherwise the refusal would tell whether it is right, and spend nothing.
    if (entity !== null) throwRefusal(refusalOnceWithdrawn({ entity, session, now }, maxAge))
    const spent = spendRecoveryCode(entity, typed, recoveryCodes > 0, now)
    if (spent === null || entity === null) return denied(context, entity, now)
    const { method, by } = spent
    const situation = { entity: spent.entity, session, now }
    const { next, approval, mark } = granted(context, situation, { method })
    const remaining = remainingOf(context, next)
    return {
      next,
      answer: { status: 'approved', approval, mark, remaining },
      events: method === 'pass'
        ? [{ type: 'pass.used', factorSid: null, method, by }]
        : usedEvents(method, remaining)
    }
  }, { codes: true })
  if (recovered.status === 'denied') throw aboutEntity(new ChallengeDeniedError(DENIED), recovered.entitySid)
  return recovered
}

interface Denied {
  readonly status: 'denied'
  readonly entitySid: string | null
}

/** Emits an event, though nothing is written; not while the user is locked or disabled, as for any code. */
function denied ({ limits }: VerifierContext, entity: Entity | null, now: number): Decision<Denied> {
  const isOpen = entity === null || refusalToJudge(entity, limits, now) === null
  return {
    answer: { status: 'denied', entitySid: entity?.sid ?? null },
    events: isOpen ? [{ type: 'challenge.denied', factorSid: null, method: 'recovery' }] : []
  }
}

function usedEvents (method: Method, remaining: number): EventDraft[] {
  const low: EventDraft[] = LOW.includes(remaining) ? [{ type: 'recovery.low', factorSid: null }] : []
  return [{ type: 'recovery.used', factorSid: null, method }, ...low]
}

/** Answer of `newRecoveryCodes`. */
export interface NewRecoveryCodes {
  /** In this answer and nowhere else. */
  readonly recoveryCodes: readonly string[]
}

/**
 * Creates recovery codes in the place of those that the identity had. They take a fresh approval by an app:
 * recovery codes never make one another, or one that leaked would be enough for ever.
 */
export async function newRecoveryCodes (
  context: VerifierContext, caller: SessionCaller
): Promise<NewRecoveryCodes> {
  const session = sessionOf(caller)
  const { maxAge } = context
  if (session === null) throw new ChallengeRequiredError(maxAge)
  return await change(context, caller, (entity, now): Decision<NewRecoveryCodes> => {
    if (entity === null) throw new NotEnrolledError()
    const situation = { entity, session, now }
    throwRefusal(refusalOnceWithdrawn(situation, maxAge) ?? refusalWithoutFreshApproval(context, situation, ['totp']))
    const { entity: next, codes } = withNewCodes(context, entity)
    if (codes === null) throw new MalformedError('recovery codes are turned off')
    return { next, answer: { recoveryCodes: codes }, events: [CREATED] }
  })
}

/**
 * True for one of the recovery codes that still work: for a page on which users check that they kept them. It
 * spends nothing. It takes a fresh approval, so an attacker with a stolen session can't try codes they found.
 */
export async function keptRecoveryCode (
  context: VerifierContext, caller: SessionCaller, code: string
): Promise<boolean> {
  const session = sessionOf(caller)
  const typed = canonicalRecoveryCode(code)
  const { document: entity, now } = await context.entities.read(caller)
  if (entity === null) throw new NotEnrolledError()
  throwRefusal(refusalWithoutFreshApproval(context, { entity, session, now }, ['totp']))
  return context.recoveryCodes > 0 && hasRecoveryCode(entity, typed)
}

/** The entity with a new set of recovery codes; null for the codes where the option turns them off. */
export function withNewCodes (
  { recoveryCodes: count }: VerifierContext, entity: Entity
): { entity: Entity, codes: readonly string[] | null } {
  return count === 0 ? { entity, codes: null } : withNewRecoveryCodes(entity, count)
}

/** Recovery codes that work. */
export function remainingOf ({ recoveryCodes: count }: VerifierContext, { recoveryCodes }: Entity): number {
  return count === 0 ? 0 : recoveryCodes.length
}
