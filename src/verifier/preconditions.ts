import { isWithdrawn } from '../entity/approvals.js'
import { enrollmentWait } from '../entity/enrollments.js'
import { MAX_FACTORS, type Entity } from '../entity/entity.js'
import { FRIENDLY_NAME_RULE, isFriendlyName } from '../entity/friendly-name.js'
import { ChallengeRequiredError, FactorLimitError, LockedError, MalformedError, type TotpError } from '../errors.js'
import { decideGuard } from '../guard.js'
import { METHODS, type Method } from '../method.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Situation, VerifierContext } from './context.js'

/*
 * What must be true before something changes. Each precondition returns the refusal, or null when it is met.
 * A use case throws the refusal to write nothing, or returns it as `{ next, refusal }` to write first. The
 * one that the guard shares, `refusalToJudge`, is in guard.ts and follows the same convention.
 */

/** Throws the refusal of a precondition that isn't met. */
export function throwRefusal (refusal: TotpError | null): void {
  if (refusal !== null) throw refusal
}

/**
 * Changing factors takes an approval of the last `freshness` seconds, by one of these methods; operators need
 * none.
 */
export function refusalWithoutFreshApproval (
  context: VerifierContext, { entity, session, now }: Situation, methods: readonly Method[] = METHODS
): TotpError | null {
  if (session === null) return null
  const requirement = { maxAge: context.freshness, methods, unenrolled: 'deny' } as const
  const fresh = decideGuard(context, { entity, session, now }, requirement)
  return fresh.passes ? null : fresh.refusal
}

/**
 * Remembered browsers are shown to an approved session, and forgotten by one; operators need no approval. A
 * remembered browser is no approval: otherwise it could keep itself in and the user's others out.
 */
export function refusalWithoutApproval (
  context: VerifierContext, { entity, session, now }: Situation
): TotpError | null {
  if (session === null) return null
  const requirement = { maxAge: context.maxAge, methods: METHODS, unenrolled: 'deny' } as const
  const passing = decideGuard(context, { entity, session, now }, requirement)
  return passing.passes ? null : passing.refusal
}

/**
 * Another factor needs room, and beside a verified one a fresh approval: an attacker with a stolen session
 * must not add a factor.
 */
export function refusalToEnroll (context: VerifierContext, situation: Situation): TotpError | null {
  const { factors } = situation.entity
  const { maxFactors, reenroll, providers } = context
  const unapproved = factors.length > 0 ? refusalWithoutFreshApproval(context, situation) : null
  if (unapproved !== null) return unapproved
  const staying = reenroll ? factors.filter(factor => !providers.isFormer(factor)) : factors
  return staying.length >= maxFactors || factors.length >= MAX_FACTORS ? new FactorLimitError() : null
}

/** A session may begin an enrollment only so often; operators may at any time. */
export function refusalToEnrollAgain ({ entity, session, now }: Situation): TotpError | null {
  const wait = session === null ? 0 : enrollmentWait(entity, now)
  return wait === 0 ? null : new LockedError(wait, 'Too many enrollments: wait before trying again.')
}

/** A request changes nothing once its session's approval was withdrawn while the request was under way. */
export function refusalOnceWithdrawn ({ entity, session, now }: Situation, maxAge: number): TotpError | null {
  return session !== null && isWithdrawn(entity, session, now) ? new ChallengeRequiredError(maxAge) : null
}

/** A code that is too short or too long for these factors is a slip, not a guess, so it isn't counted. */
export function refusalOfLength (
  code: string, configs: readonly TotpConfig[], name = 'code'
): TotpError | null {
  const lengths = new Set(configs.map(({ codeLength }) => codeLength))
  return lengths.has(code.length) ? null : new MalformedError(`${name} must have ${[...lengths].join(' or ')} digits`)
}

/** Two factors with one secret would make each code work twice. Secrets at Twilio can't be compared. */
export function refusalOfKnownSecret (
  { providers: { embedded } }: VerifierContext, { identity, factors }: Entity, secret: string
): TotpError | null {
  const isKnown = factors.some(factor =>
    factor.provider === 'embedded' && embedded.isSecretOf(identity, factor, secret))
  return isKnown ? new MalformedError('secret belongs to a factor of this identity already') : null
}

/** Authenticator apps must be able to show the name. */
export function refusalOfFriendlyName (friendlyName: unknown): TotpError | null {
  if (isFriendlyName(friendlyName)) return null
  return new MalformedError(`friendlyName must have ${FRIENDLY_NAME_RULE}`)
}
