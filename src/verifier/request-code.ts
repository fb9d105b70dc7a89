import type { Entity } from '../entity/entity.js'
import { aboutEntity, CodeRequiredError, NotEnrolledError, type TotpError } from '../errors.js'
import { refusalToJudge, type Passage } from '../guard.js'
import { canonicalCode } from '../otp/code.js'
import type { SessionCaller } from './caller.js'
import type { Situation, VerifierContext } from './context.js'
import type { Decision } from './entities.js'
import { judge } from './judgement.js'
import { spent, type Purpose, type Used } from './verdict.js'

/** The headers that a request brings its code in. */
export const CODE_HEADERS = { code: 'totp-code', factorSid: 'totp-factor' } as const

/** The code that a request brought. */
export interface RequestCode {
  /** As the client wrote it; undefined where the request brought none. */
  readonly code: unknown
  /** The factor whose code it has to be; undefined for any. */
  readonly factorSid: string | undefined
}

/** Judges the code that a request brought. A right one lets this request pass, and approves nothing else. */
export type JudgeRequest = (caller: SessionCaller, brought: RequestCode) => Promise<Passage>

/** Spends the code of a request. Throws why the request may not pass. */
export async function judgeRequest (
  context: VerifierContext, caller: SessionCaller, { code, factorSid }: RequestCode
): Promise<Passage> {
  if (code === undefined) return await refuseWithoutCode(context, caller)
  const typed = { code: canonicalCode(code, CODE_HEADERS.code), factorSid }
  const { passage } = await judge(context, caller, typed, FOR_REQUEST)
  return passage
}

const FOR_REQUEST: Purpose<{ readonly passage: Passage }> = {
  names: CODE_HEADERS,
  asksFactorFirst: true,
  refusalOfVoid: () => new CodeRequiredError(),
  grant: passedOnce
}

/** A right code, spent. The passage ends with the request, so no mark and no approval is written. */
function passedOnce ({ entity, now }: Situation, used: Used): Decision<{ readonly passage: Passage }> {
  const [{ sid: factorSid }] = used
  return {
    next: spent(entity, used),
    answer: { passage: { method: 'totp', factorSid, at: now, expiresAt: now } },
    events: [{ type: 'challenge.approved', factorSid, method: 'totp' }]
  }
}

/** A user is asked for a code only if a code could be right now. */
async function refuseWithoutCode (
  { entities, limits }: VerifierContext, caller: SessionCaller
): Promise<never> {
  const { document: entity, now } = await entities.read(caller)
  throw aboutEntity(refusalOf(entity), entity?.sid ?? null)

  function refusalOf (entity: Entity | null): TotpError {
    if (entity === null || entity.factors.length === 0) return new NotEnrolledError()
    return refusalToJudge(entity, limits, now) ?? new CodeRequiredError()
  }
}
