import { ChallengeRequiredError, MalformedError } from '../errors.js'
import { canonicalCode } from '../otp/code.js'
import { getOwn, hasOwn } from '../own-property.js'
import { browserOfCaller, type Browser, type Caller } from './caller.js'
import type { VerifierContext } from './context.js'
import { judge } from './judgement.js'
import { approved, type Challenged } from './verdict.js'

/** Options of `challenge`. */
export interface ChallengeOptions {
  /** 6 to 8 digits of any script. Blanks don't matter, and neither does a hyphen in the middle. */
  readonly code: string
  /**
   * The factor whose code it has to be: `YF` and 32 hex digits. Needed only when several factors at Twilio
   * have codes of this length. @default any verified factor
   */
  readonly factorSid?: string | undefined
  /**
   * Whether to remember the browser, so that it passes guards without `maxAge` for the time of the option
   * `remember`. Refused with 400 where that is off. @default false
   */
  readonly remember?: boolean | undefined
}

/** Judges a code. A right one approves the session. */
export async function challenge (
  context: VerifierContext, caller: Caller, options: ChallengeOptions
): Promise<Challenged> {
  const [code, factorSid] = [getOwn(options, 'code'), getOwn(options, 'factorSid')]
  // A server may pass on what a client sent, so this isn't the server's mistake.
  if (!Object.keys(options).every(name => OPTIONS.includes(name))) {
    throw new MalformedError('a challenge takes code, factorSid and remember only')
  }
  const browser = browserToRemember(context, caller, getOwn(options, 'remember'))
  return await judge(context, caller, { code: canonicalCode(code), factorSid }, {
    names: { code: 'code', factorSid: 'factorSid' },
    asksFactorFirst: false,
    refusalOfVoid: () => new ChallengeRequiredError(context.maxAge),
    grant: (situation, used) => approved(context, situation, used, browser)
  })
}

const OPTIONS: readonly string[] = ['code', 'factorSid', 'remember']

/** The browser that a right code remembers; null for none. Refused before anything is spent. */
function browserToRemember (
  { rememberFor }: VerifierContext, caller: Caller, isAsked: unknown
): Browser | null {
  if (isAsked === undefined || isAsked === false) return null
  if (isAsked !== true) throw new MalformedError('remember must be true or false')
  if (rememberFor === 0) throw new MalformedError('remember must not be true: browsers are not remembered here')
  if (hasOwn(caller, 'operator')) throw new MalformedError('remember must not be true: an operator has no browser')
  return browserOfCaller(caller)
}
