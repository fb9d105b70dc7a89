import { hashOf, newMark, type Approval, type Session } from '../entity/approvals.js'
import { MAX_FACTORS, newEntity, newSid, type Entity, type UnverifiedFactor } from '../entity/entity.js'
import { countUnverifiedFailure, publicFactor, verifyFactor, type Factor } from '../entity/factors.js'
import { isFriendlyName } from '../entity/friendly-name.js'
import { ChallengeDeniedError, FactorLimitError, FactorNotFoundError, MalformedError } from '../errors.js'
import { canonicalCode } from '../otp/code.js'
import type { Decision } from '../stores/entities.js'
import { granted } from './approval.js'
import { requireOngoing, sessionOf, type Caller } from './caller.js'
import { change, ownUnverified, requireFresh, requireLength, type NewMark, type VerifierContext } from './context.js'

/** Options of `enroll`. */
export interface EnrollOptions {
  /** The account name that the app shows: 1 to 64 characters, no colon, no control characters. */
  readonly friendlyName: string
  /** Base32 of a secret that was made elsewhere, 16 bytes or more. @default a new one */
  readonly secret?: string | undefined
}

/** Answer of `enroll`. */
export interface Enrolled extends NewMark {
  /** The unverified factor. */
  readonly factor: Factor
  /** Base32, for people who can't scan. */
  readonly secret: string
  /** The `otpauth://` URI, for the QR code. */
  readonly uri: string
}

/** Answer of `verify`. */
export interface Verified extends NewMark {
  /** The factor, verified now. */
  readonly factor: Factor
  /** Null for operators. */
  readonly approval: Approval | null
}

/** Makes an unverified factor in the place of the one that the identity may have. */
export async function enroll (
  context: VerifierContext, caller: Caller, { friendlyName, secret: given }: EnrollOptions
): Promise<Enrolled> {
  const { provider, config } = context
  const session = sessionOf(caller)
  requireFriendlyName(friendlyName)
  const mark = session && (session.mark ?? newMark())
  return await change(context, caller, (kept, now) => {
    const entity = kept ?? newEntity(caller.identity, now)
    requireOngoing(entity, session, context.freshness)
    requireRoom(context, entity, session, now)

    const sid = newSid('YF')
    const { identity, generation } = entity
    const ingredients = { identity, factorSid: sid, friendlyName, config, secret: given }
    const { secret, uri, sealed } = provider.bind(ingredients)
    if (given !== undefined) requireNewSecret(context, entity, secret)
    const unverified: UnverifiedFactor = {
      sid,
      friendlyName,
      provider: provider.name,
      config,
      sealed,
      createdAt: now,
      hash: mark && hashOf(mark),
      generation,
      failures: 0
    }
    return {
      next: { ...entity, unverified },
      answer: { factor: publicFactor(unverified), secret, uri, mark: session?.mark === mark ? null : mark },
      events: [{ type: 'factor.created', factorSid: sid }]
    }
  })
}

/**
 * Judges a code of the unverified factor. It counts on that factor alone, whether it is right or wrong:
 * otherwise enrolling would be a way around the budget, or a way to use it up.
 */
export async function verify (
  context: VerifierContext, caller: Caller, sid: string, code: string
): Promise<Verified> {
  const session = sessionOf(caller)
  const typed = canonicalCode(code)
  return await change(context, caller, (entity, now): Decision<Verified> => {
    if (entity === null) throw new FactorNotFoundError()
    const unverified = ownUnverified(entity, session, now)
    if (unverified?.sid !== sid) throw new FactorNotFoundError()
    requireLength(typed, [unverified.config])
    requireRoom(context, entity, session, now)

    const { step, sealed } = context.provider.judge(entity.identity, unverified, typed, now)
    if (step === null) {
      return {
        next: countUnverifiedFailure(entity, unverified),
        answer: new ChallengeDeniedError(),
        events: [{ type: 'challenge.denied', factorSid: sid }]
      }
    }
    const verified = verifyFactor(entity, { ...unverified, sealed }, step, now)
    const factor: Factor = { ...publicFactor(unverified), status: 'verified', verifiedAt: now, lastUsedAt: now }
    const { next, approval, mark } = granted(context, verified, session, sid, now)
    return { next, answer: { factor, approval, mark }, events: [{ type: 'factor.verified', factorSid: sid }] }
  })
}

/** With a verified factor in place, another takes a fresh approval: a stolen session must not add its own. */
function requireRoom (context: VerifierContext, entity: Entity, session: Session | null, now: number): void {
  if (entity.factors.length > 0) requireFresh(context, entity, session, now)
  if (entity.factors.length >= Math.min(context.maxFactors, MAX_FACTORS)) throw new FactorLimitError()
}

/** Two factors of one secret would make each code work twice. */
function requireNewSecret (
  { provider }: VerifierContext, { identity, factors }: Entity, secret: string
): void {
  if (factors.some(factor => provider.holds(identity, factor, secret))) {
    throw new MalformedError('secret belongs to a factor of this identity already')
  }
}

/** Refuses what no authenticator app can show. */
export function requireFriendlyName (friendlyName: unknown): void {
  if (!isFriendlyName(friendlyName)) {
    throw new MalformedError('friendlyName must have 1 to 64 characters, without colon and control characters')
  }
}
