import { approvalOf, publicApproval, type Ages, type Approval } from './entity/approvals.js'
import { standing, type AttemptLimits } from './entity/attempts.js'
import { browserOf } from './entity/browsers.js'
import type { Entity } from './entity/entity.js'
import type { Session } from './entity/mark.js'
import {
  ChallengeRequiredError, DisabledError, LockedError, NotEnrolledError, type TotpError
} from './errors.js'
import { METHODS } from './method.js'
import { checkOptions, FLAG, integer, listOf, must, oneOf } from './option-checks.js'
import { hasOwn, ownOnly } from './own-property.js'

const ANSWER = oneOf('deny', 'allow')

/** Every way to pass a guard. */
const PASSING: ReadonlyArray<Passage['method']> = [...METHODS, 'remembered']

/** What lets a request pass: an approval or, by the method `remembered`, the browser that sent it. */
export interface Passage extends Omit<Approval, 'method'> {
  /** How the user was approved, or `remembered` for a browser that need not answer a challenge. */
  readonly method: Approval['method'] | 'remembered'
}

/** What a route requires of the requests that it lets pass. */
export interface Requirement {
  /** Seconds since the approval, 1 up to the plugin's own `maxAge`. @default the plugin's own `maxAge` */
  readonly maxAge: number
  /**
   * The ways to pass that count. 'remembered' can't stand beside `maxAge`.
   * @default ['totp', 'recovery', 'pass'], and 'remembered' without `maxAge`
   */
  readonly methods: ReadonlyArray<Passage['method']>
  /** Whether a user without a verified factor may pass: 'deny' answers 403. @default 'deny' */
  readonly unenrolled: 'deny' | 'allow'
}

/** A method, so that the parameter may be any type of request of the host's framework. */
interface Unenrolled<Request> {
  answer (request: Request): Date | 'deny' | 'allow'
}

/** What a guard requires. */
export interface RouteRequirement<Request = unknown> extends Omit<Requirement, 'unenrolled'> {
  /**
   * Whether a user without a verified factor may pass: 'deny' answers 403. A function is asked with each
   * request and returns the answer, or the date until which they pass; it must not be async. If it throws or
   * returns anything else, they don't pass, and the log says why. @default 'deny'
   */
  readonly unenrolled: 'deny' | 'allow' | Unenrolled<Request>['answer']
  /**
   * Whether a request for which `identify` returns no user may pass, as for a guard over everything: 'deny'
   * answers 401. @default 'deny'
   */
  readonly anonymous: 'deny' | 'allow'
  /**
   * Whether each request has to bring its own code in the header `totp-code`, even if its session is
   * approved. The code is spent before the handler runs, and approves nothing else. Can't stand beside
   * `maxAge`, `methods` or `unenrolled`. @default false
   */
  readonly perRequest: boolean
}

/** What a guard requires, checked. */
export interface GuardRequirement<Request> {
  readonly anonymous: RouteRequirement['anonymous']
  readonly perRequest: boolean
  readonly unenrolled: RouteRequirement<Request>['unenrolled']
  /** The requirement for each answer of `unenrolled`. */
  readonly requirements: Readonly<Record<'deny' | 'allow', Requirement>>
}

/** Requirements that `requirementOf` returned: each is checked once, not with every request. */
const checked = new WeakSet<object>()

/**
 * Checks what a route requires, and fills in the defaults. A `maxAge` above `most` is refused, and one above
 * the plugin's own, `longest`, counts as that.
 */
export function requirementOf (given: Partial<Requirement>, longest: number, most = longest): Requirement {
  if (isChecked(given)) return given
  checkOptions(given, { maxAge: integer(1, most), methods: listOf(...PASSING), unenrolled: ANSWER }, 'required.')
  const { maxAge, unenrolled = 'deny' } = ownOnly(given)
  // A number that is missing from a host's configuration must not let a remembered browser pass.
  const { methods = hasOwn(given, 'maxAge') ? METHODS : PASSING } = ownOnly(given)
  must('required.methods', maxAge === undefined || !methods.includes('remembered'),
    'must not have \'remembered\' beside maxAge: a remembered browser has no challenge of that age')
  const requirement = Object.freeze({
    maxAge: Math.min(maxAge ?? longest, longest), methods: Object.freeze([...methods]), unenrolled
  })
  checked.add(requirement)
  return requirement
}

/** Checks what a guard requires. Strangers are let pass, or not, before the requirement counts. */
export function routeRequirementOf<Request> (
  given: Partial<RouteRequirement<Request>>, longest: number
): GuardRequirement<Request> {
  checkOptions(given, {
    maxAge: integer(1, longest),
    methods: listOf(...PASSING),
    unenrolled: {
      isValid: value => typeof value === 'function' || ANSWER.isValid(value),
      expected: 'must be one of deny, allow, or a function that returns one of them or a Date'
    },
    anonymous: ANSWER,
    perRequest: FLAG
  }, 'required.')
  const { anonymous = 'deny', perRequest = false, ...ofApproval } = ownOnly(given)
  for (const [name, value] of Object.entries(ofApproval)) {
    must(`required.${name}`, !perRequest || value === undefined,
      'can\'t stand beside perRequest, which takes a code with the request and ignores approvals')
  }
  const { unenrolled = 'deny', ...rest } = ofApproval
  const requirements = {
    deny: requirementOf({ ...rest, unenrolled: 'deny' }, longest),
    allow: requirementOf({ ...rest, unenrolled: 'allow' }, longest)
  }
  return { anonymous, perRequest, unenrolled, requirements }
}

function isChecked (requirement: Partial<Requirement>): requirement is Requirement {
  return checked.has(requirement)
}

/** The settings that the guard decides by. */
export interface GuardSettings extends Ages {
  readonly limits: AttemptLimits
  /** Seconds that a browser is remembered; 0 turns that off. */
  readonly rememberFor: number
}

/** What the guard decides on: the one entity that it reads, for a session, now. */
export interface GuardSituation {
  readonly entity: Entity | null
  readonly session: Session
  /** The tokens of the browser that sent the request. @default none */
  readonly tokens?: readonly string[]
  readonly now: number
}

/** Whether a request may pass. `passage` is null when it passes without one, by `unenrolled: 'allow'`. */
export type GuardDecision =
  | { readonly passes: true, readonly passage: Passage | null }
  | { readonly passes: false, readonly refusal: TotpError }

/** The decision of the guard. Without a verified factor, `unenrolled` decides, whatever else is kept. */
export function decideGuard (
  settings: GuardSettings, situation: GuardSituation, requirement: Requirement
): GuardDecision {
  const { maxAge, methods, unenrolled } = requirement
  const { limits, freshness } = settings
  const { entity, session, now } = situation
  if (entity === null || entity.factors.length === 0) {
    if (unenrolled === 'allow') return { passes: true, passage: null }
    return { passes: false, refusal: new NotEnrolledError() }
  }
  const approval = approvalOf(entity, session, { maxAge, freshness }, now)
  if (approval !== null && methods.includes(approval.method)) {
    return { passes: true, passage: publicApproval(approval, settings) }
  }
  const passage = methods.includes('remembered') ? passageOfBrowser(settings, situation) : null
  if (passage !== null) return { passes: true, passage }
  return { passes: false, refusal: refusalToJudge(entity, limits, now) ?? new ChallengeRequiredError(maxAge) }
}

/** Nothing is written: a browser is remembered no longer for being used. */
function passageOfBrowser (
  { rememberFor }: GuardSettings, { entity, tokens = [], now }: GuardSituation
): Passage | null {
  const browser = entity && browserOf(entity, tokens, rememberFor, now)
  if (browser === null) return null
  return { method: 'remembered', factorSid: null, at: browser.at, expiresAt: browser.at + rememberFor }
}

/** Codes are judged unless the identity is locked or disabled. Returns the refusal, or null. */
export function refusalToJudge ({ attempts }: Entity, limits: AttemptLimits, now: number): TotpError | null {
  const stands = standing(attempts, limits, now)
  if (stands.state === 'disabled') return new DisabledError()
  return stands.state === 'locked' ? new LockedError(stands.retryAfter) : null
}
