import type { Approval } from '../entity/approvals.js'
import { clearFailures, countFailure, restartFutureLock } from '../entity/attempts.js'
import type { Attempts, Entity, VerifiedFactor } from '../entity/entity.js'
import { ChallengeDeniedError, FactorNotFoundError, NotEnrolledError } from '../errors.js'
import { refusalOf } from '../guard.js'
import { canonicalCode } from '../otp/code.js'
import type { Decision, Happening } from '../stores/entities.js'
import { granted } from './approval.js'
import { requireOngoing, sessionOf, type Caller } from './caller.js'
import { change, requireLength, type NewMark, type VerifierContext } from './context.js'

/** Options of `challenge`. */
export interface ChallengeOptions {
  /** 6 to 8 digits, at will with a space or hyphen in the middle. */
  readonly code: string
  /** The factor whose code it has to be. @default any verified factor */
  readonly factorSid?: string | undefined
}

/** Answer of `challenge`: it was approved. All else is thrown. */
export interface Challenged extends NewMark {
  /** There is no other: refusals are thrown. */
  readonly status: 'approved'
  /** The oldest factor whose code it was. */
  readonly factorSid: string
  /** Null for operators. */
  readonly approval: Approval | null
}

/**
 * Judges a code. The write that burns the step, or counts the failure, is also the reservation of the
 * attempt: it has to win before anybody learns the verdict, and of many requests at once only one wins each
 * revision.
 */
export async function challenge (
  context: VerifierContext, caller: Caller, { code, factorSid }: ChallengeOptions
): Promise<Challenged> {
  const { limits, config, maxAge } = context
  const session = sessionOf(caller)
  const typed = canonicalCode(code)
  return await change(context, caller, (entity, now): Decision<Challenged> => {
    const asked = entity?.factors.filter(({ sid }) => factorSid === undefined || sid === factorSid) ?? []
    requireLength(typed, asked.length > 0 ? asked.map(({ config }) => config) : [config])
    if (entity === null) throw new NotEnrolledError()
    const closed = refusalOf(entity, limits, now)
    if (closed !== null) return { ...withRestartedLock(entity, now), answer: closed }
    if (entity.factors.length === 0) throw new NotEnrolledError()
    if (asked.length === 0) throw new FactorNotFoundError()
    requireOngoing(entity, session, maxAge)

    const burnt = asked.flatMap(factor => burntFactor(context, entity.identity, factor, typed, now))
    const [oldest] = burnt
    if (oldest === undefined) return denied(context, entity, factorSid ?? null, now)

    const used: Entity = {
      ...entity,
      factors: entity.factors.map(factor => burnt.find(({ sid }) => sid === factor.sid) ?? factor),
      attempts: clearFailures(entity.attempts)
    }
    const { next, approval, mark } = granted(context, used, session, oldest.sid, now)
    return {
      next,
      answer: { status: 'approved', factorSid: oldest.sid, approval, mark },
      events: [{ type: 'challenge.approved', factorSid: oldest.sid }]
    }
  })
}

/** The factor with its step burnt, or nothing when the code isn't its own, or is spent: steps only rise. */
function burntFactor (
  { provider }: VerifierContext, identity: string, factor: VerifiedFactor, code: string, now: number
): VerifiedFactor[] {
  if (factor.config.codeLength !== code.length) return []
  const { step, sealed } = provider.judge(identity, factor, code, now)
  if (step === null || step <= factor.lastStep) return []
  return [{ ...factor, sealed, lastStep: step, lastUsedAt: now }]
}

function denied (
  { limits }: VerifierContext, entity: Entity, factorSid: string | null, now: number
): Decision<never> {
  const attempts = countFailure(entity.attempts, limits, now)
  return {
    next: { ...entity, attempts },
    answer: new ChallengeDeniedError(),
    events: [{ type: 'challenge.denied', factorSid }, ...consequences(attempts)]
  }
}

function consequences ({ disabledAt, lockedAt }: Attempts): Happening[] {
  if (disabledAt !== null) return [{ type: 'identity.disabled', factorSid: null }]
  return lockedAt !== null ? [{ type: 'identity.locked', factorSid: null }] : []
}

/** Refusals write nothing, but for this once: a lock that began in the future would hold until then. */
function withRestartedLock (entity: Entity, now: number): { next?: Entity } {
  const attempts = restartFutureLock(entity.attempts, now)
  return attempts === entity.attempts ? {} : { next: { ...entity, attempts } }
}
