import { markOf, newMark } from '../entity/mark.js'
import { cookieValues } from '../http/cookie-values.js'
import type { Headers } from '../http/cross-site.js'
import { cookieHeader } from './cookies.js'

/** Forms that the browser remembers to have sent. */
const MOST = 8

/** Stands between the texts of the forms; none has it. */
const SEPARATOR = '.'

/** Remembers the forms that were sent: a reload of the answer must not do again what a form did. */
export interface OnceCookie {
  readonly name: string
  /** The text for a new form. */
  newText (): string
  /** True for the text of a new form, whether it was sent or not. */
  isText (text: unknown): text is string
  wasSent (headers: Headers, text: string): boolean
  /** The header that makes the browser remember that the form was sent. */
  headerFor (headers: Headers, text: string): string
}

/** The cookie of the instance of this name, for the pages at this path. */
export function onceCookie (
  { name: instance, at, insecure }: { readonly name: string, readonly at: string, readonly insecure: boolean }
): OnceCookie {
  const name = `${instance}-once`
  const rules = { name, path: at, maxAge: 86_400, sameSite: 'Strict', insecure } as const
  // Of doubled cookies, one may have been planted by a subdomain: it must not hide the other.
  const sentIn = (headers: Headers) => cookieValues(headers, name).flatMap(value => value.split(SEPARATOR))

  return {
    name,
    newText: newMark,
    isText: (text): text is string => markOf(text) !== null,
    wasSent: (headers, text) => sentIn(headers).includes(text),
    headerFor (headers, text) {
      const others = sentIn(headers).filter(other => markOf(other) !== null)
      return cookieHeader(rules, [text, ...others].slice(0, MOST).join(SEPARATOR))
    }
  }
}
