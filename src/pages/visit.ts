import type { Headers } from '../http/cross-site.js'
import type { Kept } from '../http/request-caller.js'
import type { ReturnPath, ReturnPaths } from '../http/return-path.js'
import type { Settings } from '../options.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import type { EnrollmentCookie } from './enrollment-cookie.js'
import type { OnceCookie } from './once-cookie.js'
import type { Fields } from './forms.js'
import type { Page } from './page.js'
import type { Query } from './query.js'

/** The settings that the pages go by. */
export type FlowSettings = Pick<
  Settings<unknown, unknown>,
  'issuer' | 'maxFactors' | 'reenroll' | 'freshness' | 'recoveryCodes' | 'provider' | 'formerProviders'
> & {
  /** Seconds that a browser is remembered; null where that is off. */
  readonly rememberFor: number | null
  /** The path of the pages as browsers see it. */
  readonly at: string
  /** The path to leave to. */
  readonly home: string
}

/** The parts that every page works with. */
export interface FlowContext {
  readonly settings: FlowSettings
  readonly verifier: Verifier
  readonly returnPaths: ReturnPaths
  readonly enrolling: EnrollmentCookie
  readonly once: OnceCookie
  /** The time in whole Unix seconds. */
  readonly now: () => number
}

/** The way back, and the text that a guard signed it in. */
export interface WayBack extends ReturnPath {
  readonly signed: string
}

/** One request for a page. */
export interface Visit {
  readonly caller: SessionCaller
  readonly headers: Headers
  readonly query: Query
  readonly wayBack: WayBack | null
  /** The account name that apps show; null when there is none. */
  readonly friendlyName: () => Promise<string | null>
  /** Writes to the session and the browser what a method of the verifier returned. */
  readonly keep: (kept: Kept) => Promise<void>
  /** Adds a cookie to the answer, in the place of one of the same name. */
  readonly setCookie: (name: string, header: string) => void
}

/** What a request for a page leads to: a page, or another one's URL. */
export type Outcome =
  | {
    readonly page: Page
    readonly status?: number
    /** The way back that the page's links have, in the place of the visit's. */
    readonly returnTo?: string | null
  }
  | { readonly location: string }

/** What a form does. */
export interface Action {
  /** The fields of the form; `return` may always come with it. */
  readonly fields: readonly string[]
  act (context: FlowContext, visit: Visit, fields: Fields): Promise<Outcome>
}

/** A page, and what its forms do. */
export interface Flow {
  /** The path below the pages' own. */
  readonly path: string
  /** False where an option turns the page off. */
  isOn (settings: FlowSettings): boolean
  show (context: FlowContext, visit: Visit): Promise<Outcome>
  /** By the field `action`; a form without one has the action ''. */
  readonly actions: Readonly<Record<string, Action>>
}

/** The paths of the pages below their own. */
export type PagePath = '/' | '/enroll' | '/challenge' | '/recover' | '/codes' | '/codes/check' | '/remembered'

/** Leads to a page that says this. The way back goes with it. */
export function leadTo (
  { settings: { at } }: FlowContext,
  { wayBack }: Pick<Visit, 'wayBack'>,
  path: PagePath,
  says: Readonly<Record<string, string>> = {}
): Outcome {
  return { location: at + path + queryFor({ ...says, ...wayBack && { return: wayBack.signed } }) }
}

/** Leads back to where a guard refused, or to a page that says this where nothing is to go back to. */
export function leadBack (
  context: FlowContext, visit: Visit, path: PagePath, says: Readonly<Record<string, string>>
): Outcome {
  return visit.wayBack === null ? leadTo(context, visit, path, says) : { location: visit.wayBack.path }
}

/** Leads to the challenge, and from there to this page again. */
export function leadToChallenge (
  context: FlowContext, visit: Pick<Visit, 'caller' | 'wayBack'>, path: string
): Outcome {
  const signed = wayBackTo(context, visit, path)
  return { location: `${context.settings.at}/challenge${queryFor(signed === null ? {} : { return: signed })}` }
}

/** The way back to this page, with its own way back in it. */
export function wayBackTo (
  context: FlowContext, { caller: { identity }, wayBack }: Pick<Visit, 'caller' | 'wayBack'>, path: string
): string | null {
  const { returnPaths, now, settings: { at } } = context
  const sign = (path: string) => returnPaths.sign({ path, refusedAt: now() }, identity)
  const page = at + path
  const further = queryFor(wayBack === null ? {} : { return: wayBack.signed })
  // A way back that doesn't fit in another one is dropped.
  return sign(page + further) ?? sign(page)
}

function queryFor (parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}
