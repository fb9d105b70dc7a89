import { restartFutureLock } from '../entity/attempts.js'
import { isWithdrawn } from '../entity/approvals.js'
import type { EmbeddedFactor, Entity, VerifiedFactor } from '../entity/entity.js'
import { FactorNotFoundError, NotEnrolledError, type TotpError } from '../errors.js'
import { refusalToJudge } from '../guard.js'
import { hasOwn } from '../own-property.js'
import { sessionOf, type Caller } from './caller.js'
import { change, type Situation, type VerifierContext } from './context.js'
import type { Decision, Refused } from './entities.js'
import { refusalOfLength, throwRefusal } from './preconditions.js'
import { askAndSettle, remoteCandidate, reserve, type Reserved } from './remote/challenge.js'
import { denied, type Purpose } from './verdict.js'

/** A code to judge. */
export interface Typed {
  /** Its canonical form. */
  readonly code: string
  /** The factor whose code it has to be; undefined for any. */
  readonly factorSid: string | undefined
}

/**
 * Judges a code. One write spends its step, or counts the failure. The caller learns the verdict only after
 * that write has won, so of many simultaneous requests only one can use a code. A code that only a remote
 * provider can judge takes two writes, before and after asking.
 */
export async function judge<T extends object> (
  context: VerifierContext, caller: Caller, { code, factorSid }: Typed, purpose: Purpose<T>
): Promise<T> {
  const { limits, config } = context
  const session = sessionOf(caller)
  const judged = await change(context, caller, (entity, now): Decision<T | Reserved<T>> => {
    const candidates = entity?.factors.filter(({ sid }) => factorSid === undefined || sid === factorSid) ?? []
    const configs = candidates.length > 0 ? candidates.map(({ config }) => config) : [config]
    throwRefusal(refusalOfLength(code, configs, purpose.names.code))
    const remote = remoteCandidate(candidates, code, purpose.names.factorSid)
    if (entity === null) throw new NotEnrolledError()
    const situation = { entity, session, now }
    const isEnrolled = entity.factors.length > 0
    if (!isEnrolled && purpose.asksFactorFirst) throw new NotEnrolledError()
    const closed = refusalToJudge(entity, limits, now)
    if (closed !== null) return refuseClosed(entity, closed, now)
    if (!isEnrolled) throw new NotEnrolledError()
    if (candidates.length === 0) throw new FactorNotFoundError()
    if (session !== null && isWithdrawn(entity, session, now)) throw purpose.refusalOfVoid()

    const [oldest, ...younger] = candidates.flatMap(factor => spendStep(context, situation, factor, code))
    if (oldest !== undefined) return purpose.grant(situation, [oldest, ...younger])
    if (remote !== null) return reserve(context, situation, { factor: remote, code, candidates, purpose })
    return denied(context, situation, factorSid ?? null)
  }, { codes: true })
  return isReserved(judged) ? await askAndSettle(context, caller, judged) : judged
}

function isReserved<T extends object> (judged: T | Reserved<T>): judged is Reserved<T> {
  return hasOwn(judged, 'reservation')
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
