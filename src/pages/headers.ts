import { UNCACHED } from '../http/error-headers.js'

const NO_SNIFFING = { 'x-content-type-options': 'nosniff' }

/** The headers of every answer of the pages, also of those that lead to another page. */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  ...UNCACHED, ...NO_SNIFFING, 'referrer-policy': 'same-origin'
}

/**
 * The headers of an answer with a page in it. No `form-action`: browsers hold it against redirects after a
 * form, too, and the way back may end at another site, as that of an identity provider does.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...ANSWER_HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': 'default-src \'none\'; style-src \'self\'; script-src \'self\'; img-src \'self\' data:; ' +
    'base-uri \'none\'; frame-ancestors \'none\'',
  vary: 'Accept-Language'
}

/**
 * The headers of a file whose name changes with its content. Not `public`: a rolling session adds its cookie
 * to every answer, and a shared cache would give that to others.
 */
export const ASSET_HEADERS: Readonly<Record<string, string>> = {
  ...NO_SNIFFING, 'cache-control': 'private, max-age=31536000, immutable'
}
