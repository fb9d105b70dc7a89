/**
 * 1 to 64 characters, without control characters, lone surrogates, and the colon, which separates issuer and
 * account in a key URI. A string, because the JSON schemas of the endpoints contain the pattern too (flag
 * `u`).
 */
export const FRIENDLY_NAME_PATTERN = '^[^:\\p{Cc}\\p{Cs}]{1,64}$'

const pattern = new RegExp(FRIENDLY_NAME_PATTERN, 'u')

/** True for a name of a factor, or of an issuer, that an authenticator app can show. */
export function isFriendlyName (name: unknown): name is string {
  return typeof name === 'string' && pattern.test(name)
}
