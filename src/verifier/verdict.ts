import type { Approval } from '../entity/approvals.js'
import { browserName } from '../entity/browser-name.js'
import { remember } from '../entity/browsers.js'
import { clearFailures, countFailure } from '../entity/attempts.js'
import type { Attempts, Entity, VerifiedFactor } from '../entity/entity.js'
import { hashOf } from '../entity/mark.js'
import { ChallengeDeniedError, type TotpError } from '../errors.js'
import type { Decision, EventDraft, Refused } from './entities.js'
import { granted } from './approval.js'
import type { Browser } from './caller.js'
import type { NewMark, Situation, VerifierContext } from './context.js'

/** The factors whose code was right, with their step spent, the oldest first. */
export type Used = readonly [VerifiedFactor, ...VerifiedFactor[]]

/** The purpose that a code is judged for. */
export interface Purpose<T> {
  /** The names that the client knows the code and its factor by. */
  readonly names: { readonly code: string, readonly factorSid: string }
  /** Whether a user without a verified factor is told that before anything about a lock. */
  readonly asksFactorFirst: boolean
  /** The refusal when the session was withdrawn, or its approvals voided, while the request was under way. */
  readonly refusalOfVoid: () => TotpError
  /** Decides what a right code leads to. It is written together with the steps that the code spends. */
  readonly grant: (situation: Situation, used: Used) => Decision<T>
}

/** Answer of `challenge`. A code that isn't approved is thrown as a refusal. */
export interface Challenged extends NewMark {
  /** Always `approved`: every other outcome is thrown. */
  readonly status: 'approved'
  /** The factor whose code it was, the oldest where several have it: `YF` and 32 hex digits. */
  readonly factorSid: string
  /** The approval that the session got; null for operators. */
  readonly approval: Approval | null
  /**
   * Whether to ask the user to enroll again, because the option `reenroll` is on and a former provider has
   * the factor.
   */
  readonly reenroll: boolean
  /**
   * With `remember`, the tokens that the browser's cookie has to hold from now on: give them to `keep`. Null
   * leaves the cookie as it is.
   */
  readonly browserTokens: readonly string[] | null
}

/** The entity after a right code: spent in all the factors that have it, and the row of wrong ones ended. */
export function spent (entity: Entity, used: Used): Entity {
  return {
    ...entity,
    factors: entity.factors.map(factor => used.find(({ sid }) => sid === factor.sid) ?? factor),
    attempts: clearFailures(entity.attempts)
  }
}

/** A right code: spent, the session approved, and the browser remembered, if there is one to remember. */
export function approved (
  context: VerifierContext, { entity, session, now }: Situation, used: Used, browser: Browser | null
): Decision<Challenged> {
  const [oldest] = used
  const proof = { method: 'totp', factorSid: oldest.sid } as const
  const { next, approval, mark } = granted(context, { entity: spent(entity, used), session, now }, proof)
  const remembered = browser === null || mark === null
    ? null
    : remember(next, browser.tokens, {
      name: browserName(browser.userAgent), approval: hashOf(mark), at: now
    })
  const reenroll = context.reenroll && context.providers.isFormer(oldest)
  return {
    next: remembered?.entity ?? next,
    answer: {
      status: 'approved',
      factorSid: oldest.sid,
      approval,
      mark,
      reenroll,
      browserTokens: remembered?.tokens ?? null
    },
    events: [
      { type: 'challenge.approved', factorSid: oldest.sid, method: 'totp' },
      ...remembered === null ? [] : [REMEMBERED]
    ]
  }
}

const REMEMBERED: EventDraft = { type: 'browser.remembered', factorSid: null }

/** A wrong code, counted. */
export function denied (
  { limits }: VerifierContext, { entity, now }: Situation, factorSid: string | null
): Refused {
  const attempts = countFailure(entity.attempts, limits, now)
  return {
    next: { ...entity, attempts },
    refusal: new ChallengeDeniedError(),
    events: [{ type: 'challenge.denied', factorSid, method: 'totp' }, ...consequences(entity.attempts, attempts)]
  }
}

/**
 * The events that a failure causes beside itself. While other attempts are pending, their outcome may still
 * lift a lock, so it isn't reported yet.
 */
export function consequences (before: Attempts, { disabledAt, lockedAt, pending }: Attempts): EventDraft[] {
  const disabled: EventDraft = { type: 'identity.disabled', factorSid: null }
  if (disabledAt !== null) return before.disabledAt === null ? [disabled] : []
  return lockedAt !== null && pending.length === 0 ? [{ type: 'identity.locked', factorSid: null }] : []
}
