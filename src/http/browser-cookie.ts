import { isToken, MAX_TOKENS } from '../entity/browsers.js'
import type { RememberOptions } from '../options.js'
import { getOwn } from '../own-property.js'
import type { Browser } from '../verifier/caller.js'
import { cookieValues } from './cookie-values.js'
import type { Headers } from './cross-site.js'

/** The cookie with the tokens of a browser: one for each of its users, and their names aren't in it. */
export interface BrowserCookie {
  /** The browser that sent these headers. A cookie that is malformed, too long or doubled counts as none. */
  read (headers: Headers): Browser
  /** The `set-cookie` header that gives the browser these tokens; without any, it deletes the cookie. */
  headerFor (tokens: readonly string[]): string
}

/** Stands between tokens; no token has it. */
const SEPARATOR = '.'

/** The cookie of the instance of this name. Of a browser, only the latest tokens are kept. */
export function browserCookie (
  name: string, { for: life, insecure = false }: RememberOptions
): BrowserCookie {
  // With this prefix, browsers take the cookie only from this host and over HTTPS, never from a subdomain.
  const cookie = `${insecure ? '' : '__Host-'}${name}-browser`
  const start = `${cookie}=`
  const attributes = `Path=/; HttpOnly; ${insecure ? '' : 'Secure; '}SameSite=Lax`

  function tokensIn (headers: Headers): readonly string[] {
    const [own, another] = cookieValues(headers, cookie)
    if (own === undefined || another !== undefined) return []
    const tokens = own.split(SEPARATOR, MAX_TOKENS + 1)
    return tokens.length <= MAX_TOKENS && tokens.every(isToken) ? tokens : []
  }

  return {
    read (headers) {
      const userAgent = getOwn(headers, 'user-agent')
      return { tokens: tokensIn(headers), userAgent: String(userAgent ?? '') }
    },

    headerFor (tokens) {
      if (tokens.length === 0) return `${start}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; ${attributes}`
      return `${start}${tokens.slice(0, MAX_TOKENS).join(SEPARATOR)}; Max-Age=${life}; ${attributes}`
    }
  }
}
