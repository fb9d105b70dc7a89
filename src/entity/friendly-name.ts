/**
 * 1 to 64 characters; no colon, which separates issuer and account in a key URI; no control characters; no
 * lone surrogates. A string, because the pattern also stands in the JSON schemas of the endpoints (flag `u`).
 */
export const FRIENDLY_NAME_PATTERN = '^[^:\\p{Cc}\\p{Cs}]{1,64}$'

const pattern = new RegExp(FRIENDLY_NAME_PATTERN, 'u')

/** True for names that an authenticator app can show, of factors and issuers alike. */
export function isFriendlyName (name: unknown): name is string {
  return typeof name === 'string' && pattern.test(name)
}
