/*
 * The contents of the pages: plain data, without markup. The flow decides what a page says, and the views
 * turn it into HTML.
 */

/** Every page there is. */
export type Page =
  ManagePage | StartPage | ScanPage | ChallengePage | RecoverPage | CodesPage | NewCodesPage | CheckPage |
  RememberedPage | ProblemPage

/** `GET /`: the user's apps, recovery codes and browsers. */
export interface ManagePage {
  readonly kind: 'manage'
  readonly apps: readonly AppRow[]
  /** Without an approval the page shows names alone, and leads to the challenge. */
  readonly isApproved: boolean
  /** Whether another app fits. */
  readonly canAdd: boolean
  /** Recovery codes that are left; null where there are none to have, or without an approval. */
  readonly recoveryCodes: number | null
  /** Browsers that are remembered; null where that is off, or without an approval. */
  readonly remembered: number | null
  /** The name that the user typed for an app, and that was refused. */
  readonly refusedName: { readonly sid: string, readonly typed: string } | null
}

/** A verified factor. Its dates, in Unix seconds, are null without an approval. */
export interface AppRow {
  readonly sid: string
  readonly name: string
  readonly verifiedAt: number | null
  readonly lastUsedAt: number | null
}

/** `GET /enroll` before an enrollment: what an authenticator app is, and a button that begins. */
export interface StartPage {
  readonly kind: 'start'
  /** Whether the user has no app yet. A further one may be given a name. */
  readonly isFirst: boolean
  readonly problem: StartProblem | null
}

/** Why an enrollment has to begin, or can't begin. */
export type StartProblem =
  | { readonly is: 'wrongCodes' }
  | { readonly is: 'ended' }
  | { readonly is: 'limit' }
  | { readonly is: 'wait', readonly seconds: number }
  | { readonly is: 'name', readonly typed: string }

/** `GET /enroll` during an enrollment: QR code, link for phones, key to type, form for the first code. */
export interface ScanPage {
  readonly kind: 'scan'
  /** The account's name, as the app will show it. */
  readonly label: string
  readonly issuer: string
  readonly uri: string
  /** A data URI of an SVG picture. */
  readonly qr: string
  /** Base32. */
  readonly secret: string
  readonly codeLength: number
  readonly problem: CodeProblem | null
}

/** Why a code wasn't taken. `clock`: it is of another time; the phone's clock is ahead by `off` seconds. */
export type CodeProblem =
  | { readonly is: 'denied' }
  | { readonly is: 'malformed' }
  | { readonly is: 'clock', readonly off: number }

/** `GET /challenge`. */
export interface ChallengePage {
  readonly kind: 'challenge'
  /** The apps to choose from; empty where the code alone tells. */
  readonly choices: ReadonlyArray<{ readonly sid: string, readonly name: string }>
  readonly codeLengths: readonly number[]
  /** Seconds for which the browser can be remembered; null where that is off. */
  readonly remember: number | null
  /** Whether the site has recovery codes. If not, a user who lost the phone needs a pass from an operator. */
  readonly hasRecoveryCodes: boolean
  readonly state: ChallengeState
  readonly problem: CodeProblem | null
}

/** Whether codes are judged at the moment. */
export type ChallengeState =
  | { readonly is: 'open' }
  | { readonly is: 'locked', readonly seconds: number }
  | { readonly is: 'disabled' }

/** `GET /recover`: the form for a recovery code or a pass. */
export interface RecoverPage {
  readonly kind: 'recover'
  /** Whether the site has recovery codes. */
  readonly hasRecoveryCodes: boolean
  readonly problem: Exclude<CodeProblem, { readonly is: 'clock' }> | null
}

/** `GET /codes`: how many are left, and the button that replaces them. */
export interface CodesPage {
  readonly kind: 'codes'
  readonly remaining: number
  /** Proves that the form was sent once: a reload of its answer must not replace the codes again. */
  readonly once: string
}

/** The answer of the `POST`s that create recovery codes: the only page that shows them. */
export interface NewCodesPage {
  readonly kind: 'newCodes'
  readonly codes: readonly string[]
  /** Whether they came with the first app, so the page says that it works now. */
  readonly isFirst: boolean
}

/** `GET /codes/check`: the form that checks that the user has kept the codes. */
export interface CheckPage {
  readonly kind: 'check'
  readonly problem: Exclude<CodeProblem, { readonly is: 'clock' }> | null
}

/** `GET /remembered`. */
export interface RememberedPage {
  readonly kind: 'remembered'
  readonly browsers: readonly BrowserRow[]
}

/** A remembered browser; times in Unix seconds. */
export interface BrowserRow {
  readonly sid: string
  readonly name: string
  readonly at: number
  readonly expiresAt: number
  readonly isCurrent: boolean
}

/** A request that got no further. */
export interface ProblemPage {
  readonly kind: 'problem'
  readonly problem: Problem
}

/** What went wrong, in the user's terms. */
export type Problem = 'loggedOut' | 'crossSite' | 'malformed' | 'notFound' | 'unavailable' | 'busy' | 'failed'

/** What a redirect says on the page it leads to. */
export const NOTICES = [
  'verified', 'renamed', 'removed', 'recovered', 'kept', 'codesTwice', 'forgotten', 'forgottenAll'
] as const

/** One of the notices. */
export type Notice = typeof NOTICES[number]

/** What every page of a request is told. */
export interface Setting {
  /** The user's account name; null where the user isn't known. */
  readonly account: string | null
  readonly notice: Notice | null
  /** The header `Accept-Language`. */
  readonly acceptLanguage: string | undefined
  /** The place to go back to, as the guard signed it: forms and links pass it on. */
  readonly returnTo: string | null
}
