import { restartFutureLock } from '../entity/attempts.js'
import type { EmbeddedFactor, Entity, TwilioFactor, VerifiedFactor } from '../entity/entity.js'
import { FactorNotFoundError, MalformedError, NotEnrolledError } from '../errors.js'
import { refusalOf } from '../guard.js'
import { canonicalCode } from '../otp/code.js'
import type { Decision } from './entities.js'
import { requireOngoing, sessionOf, type Caller } from './caller.js'
import { change, requireLength, type VerifierContext } from './context.js'
import { reserved, settled, type Reserved } from './remote/challenge.js'
import { approved, denied, type Challenged } from './verdict.js'

/** Options of `challenge`. */
export interface ChallengeOptions {
  /** 6 to 8 digits, at will with a space or hyphen in the middle. */
  readonly code: string
  /**
   * The factor whose code it has to be; needed where several at Twilio have codes of the same length.
   * @default any verified factor
   */
  readonly factorSid?: string | undefined
}

/**
 * Judges a code. The write that burns the step, or counts the failure, is also the reservation of the
 * attempt: it has to win before anybody learns the verdict, and of many requests at once only one wins each
 * revision. What only a remote provider can judge takes two writes, one on either side of asking it.
 */
export async function challenge (
  context: VerifierContext, caller: Caller, { code, factorSid }: ChallengeOptions
): Promise<Challenged> {
  const { limits, config, maxAge } = context
  const session = sessionOf(caller)
  const typed = canonicalCode(code)
  const judged = await change(context, caller, (entity, now): Decision<Challenged | Reserved> => {
    const asked = entity?.factors.filter(({ sid }) => factorSid === undefined || sid === factorSid) ?? []
    requireLength(typed, asked.length > 0 ? asked.map(({ config }) => config) : [config])
    const remote = remoteOf(asked, typed)
    if (entity === null) throw new NotEnrolledError()
    const closed = refusalOf(entity, limits, now)
    if (closed !== null) return { ...withRestartedLock(entity, now), answer: closed }
    if (entity.factors.length === 0) throw new NotEnrolledError()
    if (asked.length === 0) throw new FactorNotFoundError()
    requireOngoing(entity, session, maxAge, now)

    const [oldest, ...younger] = asked.flatMap(factor =>
      burntFactor(context, entity.identity, factor, typed, now))
    if (oldest !== undefined) return approved(context, entity, session, [oldest, ...younger], now)
    if (remote === null) return denied(context, entity, factorSid ?? null, now)
    const guessed = asked.some(({ provider, config }) => provider === 'embedded' && config.codeLength === typed.length)
    return reserved(context, entity, remote, typed, guessed, now)
  })
  return 'status' in judged ? judged : await settled(context, caller, judged)
}

/** The factor with its step burnt, or nothing when the code isn't its own, or is spent: steps only rise. */
function burntFactor (
  { providers }: VerifierContext, identity: string, factor: VerifiedFactor, code: string, now: number
): EmbeddedFactor[] {
  if (factor.provider !== 'embedded' || factor.config.codeLength !== code.length) return []
  const { step, sealed } = providers.embedded.judge(identity, factor, code, now)
  if (step === null || step <= factor.lastStep) return []
  return [{ ...factor, sealed, lastStep: step, lastUsedAt: now }]
}

/** The factor that Twilio would be asked about: one code never starts two challenges there. */
function remoteOf (asked: readonly VerifiedFactor[], code: string): TwilioFactor | null {
  const [remote, another] = asked.flatMap(factor =>
    factor.provider === 'twilio' && factor.config.codeLength === code.length ? [factor] : [])
  if (another !== undefined) throw new MalformedError('factorSid is needed: several factors could have this code')
  return remote ?? null
}

/** Refusals write nothing, but for this once: a lock that began in the future would hold until then. */
function withRestartedLock (entity: Entity, now: number): { next?: Entity } {
  const attempts = restartFutureLock(entity.attempts, now)
  return attempts === entity.attempts ? {} : { next: { ...entity, attempts } }
}
