import type { Approval } from '../entity/approvals.js'
import type { Factor } from '../entity/factors.js'
import type { Requirement } from '../guard.js'
import { check, withdraw } from './approval.js'
import type { Caller, SessionCaller } from './caller.js'
import { adopt, adoptAll, type Adopted, type Adoption } from './remote/adoption.js'
import { challenge, type ChallengeOptions } from './challenge.js'
import type { NewMark, VerifierContext } from './context.js'
import { enroll, type EnrollOptions, type Enrolled } from './enrollment.js'
import { factors, remove, rename, type Factors } from './factors.js'
import { reset, revoke, unlock } from './operator.js'
import type { Challenged } from './verdict.js'
import { verify, type Verified } from './verification.js'

/**
 * Judges codes, and keeps the rules of what follows from them. Each method throws a `TotpError` to refuse.
 */
export interface Verifier {
  /** The factors that the caller may know of, and the approval of its session. */
  factors (caller: Caller): Promise<Factors>
  /** Makes an unverified factor. Its secret and URI are in this answer and nowhere else. */
  enroll (caller: Caller, options: EnrollOptions): Promise<Enrolled>
  /** Judges a code of an unverified factor; a right one makes it verified, and approves the session. */
  verify (caller: Caller, sid: string, code: string): Promise<Verified>
  /** Judges a code of the verified factors; a right one approves the session. */
  challenge (caller: Caller, options: ChallengeOptions): Promise<Challenged>
  /** Gives a factor another name. */
  rename (caller: Caller, sid: string, friendlyName: string): Promise<Factor>
  /** Removes a factor; with a verified one go all approvals of the identity, this session's too. */
  remove (caller: Caller, sid: string): Promise<NewMark>
  /** Takes the approval of this session away. */
  withdraw (caller: SessionCaller): Promise<NewMark>
  /** Does what the guard does: resolves what lets the session pass, throws why it may not. */
  check (caller: SessionCaller, requirement?: Partial<Requirement>): Promise<Approval | null>
  /**
   * For operators: voids all approvals and unverified factors of an identity, as after a change of password.
   */
  revoke (identity: string): Promise<void>
  /** For operators: clears the counts, the lock and the disabled state of an identity; its factors stay. */
  unlock (identity: string): Promise<void>
  /** For operators: removes every factor, and all else that is kept about an identity. */
  reset (identity: string): Promise<void>
  /**
   * For operators: takes over a factor that the identity has verified at Twilio, without a new enrollment.
   */
  adopt (adoption: Adoption): Promise<Factor>
  /** For operators: takes over many, some at a time; a repetition goes on with those that failed. */
  adoptAll (adoptions: Iterable<Adoption> | AsyncIterable<Adoption>): AsyncGenerator<Adopted, void, undefined>
}

/** Judges codes over the ports. */
export function createVerifier (context: VerifierContext): Verifier {
  return {
    factors: caller => factors(context, caller),
    enroll: (caller, options) => enroll(context, caller, options),
    verify: (caller, sid, code) => verify(context, caller, sid, code),
    challenge: (caller, options) => challenge(context, caller, options),
    rename: (caller, sid, friendlyName) => rename(context, caller, sid, friendlyName),
    remove: (caller, sid) => remove(context, caller, sid),
    withdraw: caller => withdraw(context, caller),
    check: (caller, requirement) => check(context, caller, requirement),
    revoke: identity => revoke(context, identity),
    unlock: identity => unlock(context, identity),
    reset: identity => reset(context, identity),
    adopt: adoption => adopt(context, adoption),
    adoptAll: adoptions => adoptAll(context, adoptions)
  }
}
