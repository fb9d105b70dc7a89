import type { Approval } from '../entity/approvals.js'
import type { Factor } from '../entity/factors.js'
import { refuseHookCall } from '../errors.js'
import type { Requirement } from '../guard.js'
import { check, withdraw } from './approval.js'
import type { Caller, SessionCaller } from './caller.js'
import { adopt, adoptAll, type Adopted, type Adoption } from './remote/adoption.js'
import { challenge, type ChallengeOptions } from './challenge.js'
import type { NewMark, VerifierContext } from './context.js'
import type { Enrolled, EnrollOptions } from './enrolled.js'
import { enroll } from './enrollment.js'
import { factors, remove, rename, type Factors } from './factors.js'
import { move } from './move.js'
import { reset, revoke, unlock } from './operator.js'
import type { Challenged } from './verdict.js'
import { verify } from './verification.js'
import type { Verified } from './verified.js'

/**
 * Enrolls factors, judges codes, and keeps the approvals that follow. Each method rejects with a `TotpError`
 * when it refuses, `StoreError` and `ProviderError` included.
 */
export interface Verifier {
  /** The factors that the caller may see, and the approval of its session. */
  factors (caller: Caller): Promise<Factors>
  /** Creates an unverified factor. Its secret and URI are in this answer and nowhere else. */
  enroll (caller: Caller, options: EnrollOptions): Promise<Enrolled>
  /** Judges a code of an unverified factor. A right one verifies the factor and approves the session. */
  verify (caller: Caller, sid: string, code: string): Promise<Verified>
  /** Judges a code of the verified factors. A right one approves the session. */
  challenge (caller: Caller, options: ChallengeOptions): Promise<Challenged>
  /** Renames a factor. */
  rename (caller: Caller, sid: string, friendlyName: string): Promise<Factor>
  /** Removes a factor. Removing a verified one ends all approvals of the identity, this session's too. */
  remove (caller: Caller, sid: string): Promise<NewMark>
  /** Withdraws the approval of this session. */
  withdraw (caller: SessionCaller): Promise<NewMark>
  /**
   * Decides as the guard does: resolves the approval that lets the session pass (null where `unenrolled:
   * 'allow'` does), or rejects with the reason why it may not.
   */
  check (caller: SessionCaller, requirement?: Partial<Requirement>): Promise<Approval | null>
  /**
   * For operators: voids all approvals and the unverified factor of an identity, as after a change of
   * password.
   */
  revoke (identity: string): Promise<void>
  /** For operators: clears the counts, the lock and the disabled state of an identity; its factors stay. */
  unlock (identity: string): Promise<void>
  /** For operators: removes every factor of an identity, and everything else that is kept about it. */
  reset (identity: string): Promise<void>
  /**
   * For operators: moves everything that is kept about a user to their new identity. Rejects if something is
   * kept about that one. If it is interrupted, the user is refused until you call it again.
   */
  move (identity: string, to: string): Promise<void>
  /** For operators: takes over a factor that the user has verified at Twilio, without a new enrollment. */
  adopt (adoption: Adoption): Promise<Factor>
  /** For operators: adopts many factors, eight at a time. Calling it again tries those that failed again. */
  adoptAll (adoptions: Iterable<Adoption> | AsyncIterable<Adoption>): AsyncGenerator<Adopted, void, undefined>
}

/** The verifier over the parts that the context names. */
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
    move: (identity, to) => move(context, identity, to),
    adopt: adoption => adopt(context, adoption),
    adoptAll (adoptions, ...misused: unknown[]) {
      refuseHookCall(misused)
      return adoptAll(context, adoptions)
    }
  }
}
