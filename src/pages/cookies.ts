import { cookieValues } from '../http/cookie-values.js'
import type { Headers } from '../http/cross-site.js'

/** What a cookie of the pages is like. */
export interface CookieRules {
  readonly name: string
  readonly path: string
  readonly maxAge: number
  readonly sameSite: 'Lax' | 'Strict'
  /** Whether it may travel over plain HTTP. */
  readonly insecure: boolean
}

/** The value of a cookie; null where it is missing or doubled. */
export function cookieIn (headers: Headers, name: string): string | null {
  const [own, another] = cookieValues(headers, name)
  return own === undefined || another !== undefined ? null : own
}

/** The header that gives the browser a cookie. */
export function cookieHeader (
  { name, path, maxAge, sameSite, insecure }: CookieRules, value: string
): string {
  const secure = insecure ? '' : 'Secure; '
  return `${name}=${value}; Max-Age=${maxAge}; Path=${path}; HttpOnly; ${secure}SameSite=${sameSite}`
}

/** The header that takes the cookie from the browser. */
export function dropHeader (rules: CookieRules): string {
  return `${cookieHeader({ ...rules, maxAge: 0 }, '')}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`
}
