import { canonicalCode } from './code.js'
import { failed, type Result, type TotpFailure } from './result.js'

/** A question to the user. */
export interface Question {
  /**
   * 'session': a code approves this login, and all refused requests are sent again. 'request': a code lets
   * this one request pass, such as a payment, so show the user what it does.
   */
  readonly for: 'session' | 'request'
  /** The request that was refused; of several, the first. */
  readonly request: { readonly method: string, readonly url: string }
  /** Why the last answer was refused; null the first time. */
  readonly error: TotpFailure | null
  /** Aborts when no request waits for the answer any more, or the user logs out: close the dialog. */
  readonly signal: AbortSignal
}

/** An answer of the user with more than a code. */
export interface Codes {
  readonly code?: string
  /** The factor that the code is of; of any by default. */
  readonly factorSid?: string
  /** Whether to remember this browser, for a 'session'. */
  readonly remember?: boolean
  /** A recovery code or a pass instead of a code, for a 'session'. */
  readonly recoveryCode?: string
}

/** The user's answer. Null and undefined give up, and the requests get the refusal of the server. */
export type Reply = string | Codes | null | undefined

/** Shows a dialog, and resolves with the user's answer. If it rejects, so do the requests that wait. */
export type Ask = (question: Question) => Reply | Promise<Reply>

/** After so many answers to one question, the requests stay refused. */
const MAX_REPLIES = 10

/** A reply with the digits of the code that the user typed. */
export type TypedCodes = Omit<Codes, 'recoveryCode'> & { readonly code: string }

/** Asks the user until an answer can be used; false if the user gives up. */
export async function askUntil (
  ask: Ask, question: Omit<Question, 'error'>, use: (codes: TypedCodes) => Promise<Result<object>>,
  recover?: (code: string) => Promise<Result<object>>
): Promise<boolean> {
  const { signal } = question
  let error: TotpFailure | null = null
  for (let replies = 0; replies < MAX_REPLIES && !signal.aborted; replies++) {
    const reply = await ask({ ...question, error })
    if (reply == null || signal.aborted) break
    const given: Codes = typeof reply === 'string' ? { code: reply } : reply
    const { recoveryCode, ...codes } = given
    const code = canonicalCode(codes.code)
    const used = recoveryCode && recover
      ? await recover(recoveryCode)
      : code === null
        ? failed('FST_ERR_VALIDATION', 400, 'A code has 6 to 8 digits.')
        : await use({ ...codes, code })
    // With 401 the login has ended. The requests are sent again, and are told so.
    if (used.ok || used.error.status === 401) return true
    error = used.error
  }
  return false
}
