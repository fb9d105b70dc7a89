import type { TotpClaims } from '../entity/claims.js'
import type { RememberedBrowser } from '../entity/browsers.js'
import type { Factor } from '../entity/factors.js'
import type { KeptEntity } from '../entity/kept.js'
import { refuseHookCall } from '../errors.js'
import type { Passage, Requirement } from '../guard.js'
import { check, withdraw } from './approval.js'
import { browsers, forgetBrowser, forgetBrowsers, type ForgottenBrowsers } from './browsers.js'
import type { Caller, SessionCaller } from './caller.js'
import { adopt, adoptAll, type Adopted, type Adoption } from './remote/adoption.js'
import { claims } from './claims.js'
import { challenge, type ChallengeOptions } from './challenge.js'
import type { NewMark, VerifierContext } from './context.js'
import type { Enrolled, EnrollOptions } from './enrolled.js'
import { enroll } from './enrollment.js'
import { factors, remove, rename, type Factors } from './factors.js'
import { move } from './move.js'
import { issuePass, reset, revoke, showEntity, unlock, type IssuedPass, type PassOptions } from './operator.js'
import { keptRecoveryCode, newRecoveryCodes, recover, type NewRecoveryCodes, type Recovered } from './recovery.js'
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
  /**
   * Judges a code of the verified factors. A right one approves the session and, with `remember: true`,
   * remembers the browser: give `keep` the mark and the tokens that it returns.
   */
  challenge (caller: Caller, options: ChallengeOptions): Promise<Challenged>
  /**
   * Spends a recovery code or a pass, and approves the session; also while the identity is locked or
   * disabled. It ends lock, disabled state and every other approval.
   */
  recover (caller: SessionCaller, code: string): Promise<Recovered>
  /** Creates recovery codes in the place of the old ones. Takes a fresh approval by an authenticator app. */
  newRecoveryCodes (caller: SessionCaller): Promise<NewRecoveryCodes>
  /**
   * True for one of the recovery codes that are left. It spends nothing: a page may let users check that they
   * kept them. Takes a fresh approval by an authenticator app.
   */
  keptRecoveryCode (caller: SessionCaller, code: string): Promise<boolean>
  /** Renames a factor. */
  rename (caller: Caller, sid: string, friendlyName: string): Promise<Factor>
  /**
   * Removes a factor. Removing a verified one ends all approvals of the identity, this session's too, unless
   * it came of a recovery code or pass and another verified factor remains.
   */
  remove (caller: Caller, sid: string): Promise<NewMark>
  /** Withdraws the approval of this session. */
  withdraw (caller: SessionCaller): Promise<NewMark>
  /**
   * The browsers that need not answer a challenge, the latest one first. Takes an approval; a remembered
   * browser is none.
   */
  browsers (caller: Caller): Promise<readonly RememberedBrowser[]>
  /**
   * Forgets the browser of this sid, or does nothing if there is none. Takes an approval, except from the
   * browser itself, which may say `current` for its sid. Give the tokens that it returns to `keep`.
   */
  forgetBrowser (caller: Caller, sid: string): Promise<ForgottenBrowsers>
  /** Forgets all browsers of the user. Takes an approval. Give the tokens that it returns to `keep`. */
  forgetBrowsers (caller: Caller): Promise<ForgottenBrowsers>
  /**
   * Decides as the guard does: resolves the approval or remembered browser that lets the request pass (null
   * where `unenrolled: 'allow'` does), or rejects with the reason why it may not.
   */
  check (caller: SessionCaller, requirement?: Partial<Requirement>): Promise<Passage | null>
  /**
   * What the next token of this session has to say, for routes that refresh tokens: its mark and, while it is
   * approved, `auth_time`, `amr` and `acr`.
   */
  claims (caller: SessionCaller): Promise<TotpClaims>
  /**
   * For operators: all that is kept about an identity, without secrets, for example for a user who asks for
   * their data. Null where nothing is kept.
   */
  entity (identity: string): Promise<KeptEntity | null>
  /**
   * For operators: voids all approvals, remembered browsers and the unverified factor of an identity, as
   * after a change of password.
   */
  revoke (identity: string): Promise<void>
  /** For operators: clears the counts, the lock and the disabled state of an identity; its factors stay. */
  unlock (identity: string): Promise<void>
  /** For operators: removes every factor of an identity, and everything else that is kept about it. */
  reset (identity: string): Promise<void>
  /**
   * For operators: issues a pass, a single-use code for a user who lost their phone. Make sure first that it
   * is the user who asks. Rejects with `NotEnrolledError` for an identity without a verified factor.
   */
  pass (identity: string, options: PassOptions): Promise<IssuedPass>
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
    recover: (caller, code) => recover(context, caller, code),
    newRecoveryCodes: caller => newRecoveryCodes(context, caller),
    keptRecoveryCode: (caller, code) => keptRecoveryCode(context, caller, code),
    rename: (caller, sid, friendlyName) => rename(context, caller, sid, friendlyName),
    remove: (caller, sid) => remove(context, caller, sid),
    withdraw: caller => withdraw(context, caller),
    browsers: caller => browsers(context, caller),
    forgetBrowser: (caller, sid) => forgetBrowser(context, caller, sid),
    forgetBrowsers: caller => forgetBrowsers(context, caller),
    check: (caller, requirement) => check(context, caller, requirement),
    claims: caller => claims(context, caller),
    entity: identity => showEntity(context, identity),
    revoke: identity => revoke(context, identity),
    unlock: identity => unlock(context, identity),
    reset: identity => reset(context, identity),
    pass: (identity, options) => issuePass(context, identity, options),
    move: (identity, to) => move(context, identity, to),
    adopt: adoption => adopt(context, adoption),
    adoptAll (adoptions, ...misused: unknown[]) {
      refuseHookCall(misused)
      return adoptAll(context, adoptions)
    }
  }
}
