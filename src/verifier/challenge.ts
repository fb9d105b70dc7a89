import { restartFutureLock } from '../entity/attempts.js'
import type { EmbeddedFactor, Entity, VerifiedFactor } from '../entity/entity.js'
import { FactorNotFoundError, MalformedError, NotEnrolledError, type TotpError } from '../errors.js'
import { refusalToJudge } from '../guard.js'
import { canonicalCode } from '../otp/code.js'
import { getOwn, hasOwn } from '../own-property.js'
import type { Decision, Refused } from './entities.js'
import { sessionOf, type Caller } from './caller.js'
import { change, type Situation, type VerifierContext } from './context.js'
import { refusalOfLength, refusalOnceWithdrawn, throwRefusal } from './preconditions.js'
import { askAndSettle, remoteCandidate, reserve, type Reserved } from './remote/challenge.js'
import { approved, denied, type Challenged } from './verdict.js'

/** Options of `challenge`. */
export interface ChallengeOptions {
  /** 6 to 8 digits of any script. Blanks don't matter, and neither does a hyphen in the middle. */
  readonly code: string
  /**
   * The factor whose code it has to be: `YF` and 32 hex digits. Needed only when several factors at Twilio
   * have codes of this length. @default any verified factor
   */
  readonly factorSid?: string | undefined
}

/**
 * Judges a code. One write spends its step, or counts the failure. The caller learns the verdict only after
 * that write has won, so of many simultaneous requests only one can use a code. A code that only a remote
 * provider can judge takes two writes, before and after asking.
 */
export async function challenge (
  context: VerifierContext, caller: Caller, options: ChallengeOptions
): Promise<Challenged> {
  const { limits, config, maxAge } = context
  const session = sessionOf(caller)
  const [code, factorSid] = [getOwn(options, 'code'), getOwn(options, 'factorSid')]
  // A server may pass on what a client sent, so this isn't the server's mistake.
  const isKnown = (name: string) => name === 'code' || name === 'factorSid'
  if (!Object.keys(options).every(isKnown)) throw new MalformedError('a challenge takes code and factorSid only')
  const typed = canonicalCode(code)
  const judged = await change(context, caller, (entity, now): Decision<Challenged | Reserved> => {
    const candidates = entity?.factors.filter(({ sid }) => factorSid === undefined || sid === factorSid) ?? []
    const configs = candidates.length > 0 ? candidates.map(({ config }) => config) : [config]
    throwRefusal(refusalOfLength(typed, configs))
    const remote = remoteCandidate(candidates, typed)
    if (entity === null) throw new NotEnrolledError()
    const situation = { entity, session, now }
    const closed = refusalToJudge(entity, limits, now)
    if (closed !== null) return refuseClosed(entity, closed, now)
    if (entity.factors.length === 0) throw new NotEnrolledError()
    if (candidates.length === 0) throw new FactorNotFoundError()
    throwRefusal(refusalOnceWithdrawn(situation, maxAge))

    const [oldest, ...younger] = candidates.flatMap(factor => spendStep(context, situation, factor, typed))
    if (oldest !== undefined) return approved(context, situation, [oldest, ...younger])
    if (remote !== null) return reserve(context, situation, { factor: remote, code: typed, candidates })
    return denied(context, situation, factorSid ?? null)
  }, { codes: true })
  return hasOwn(judged, 'status') ? judged : await askAndSettle(context, caller, judged)
}

/** The factor with its step spent. Nothing when the code isn't its own or is spent: steps only rise. */
function spendStep (
  { providers }: VerifierContext, { entity, now }: Situation, factor: VerifiedFactor, code: string
): EmbeddedFactor[] {
  if (factor.provider !== 'embedded' || factor.config.codeLength !== code.length) return []
  const { step, sealed } = providers.embedded.judge(entity.identity, factor, code, now)
  if (step === null || step <= factor.lastStep) return []
  return [{ ...factor, sealed, lastStep: step, lastUsedAt: now }]
}

/** Writes in one case only: a lock that began in the future would last until then, so it restarts. */
function refuseClosed (entity: Entity, refusal: TotpError, now: number): Refused {
  const attempts = restartFutureLock(entity.attempts, now)
  if (attempts === entity.attempts) throw refusal
  return { next: { ...entity, attempts }, refusal }
}
