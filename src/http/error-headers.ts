import {
  ChallengeRequiredError, CodeRequiredError, ConflictError, InvalidOptionError, LockedError,
  MisconfiguredError
} from '../errors.js'
import { ownOnly } from '../own-property.js'
import { scrubbed } from '../scrubbed.js'
import type { Headers } from './cross-site.js'

/** Every answer is for this request alone. */
export const UNCACHED: Readonly<Record<string, string>> = { 'cache-control': 'no-store' }

/** The headers that an error is answered with. */
export function errorHeaders (error: unknown): Record<string, string> {
  if (error instanceof ChallengeRequiredError && error.statusCode === 401) {
    return { 'www-authenticate': insufficientAuthentication('A recent challenge has to be approved', error) }
  }
  // No challenge that was approved before is recent enough.
  if (error instanceof CodeRequiredError && error.statusCode === 401) {
    const { acr } = error
    return { 'www-authenticate': insufficientAuthentication('Send a code in the header totp-code', { maxAge: 0, acr }) }
  }
  return error instanceof LockedError || error instanceof ConflictError ? { ...error.headers } : {}
}

/**
 * The error that a client is told. A request with a bearer token gets the challenge of RFC 9470 section 3, so
 * that its client asks the user and comes back; `acr` is the option. Clients learn nothing about options.
 */
export function errorForClient (error: unknown, headers: Headers, acr?: string): unknown {
  // Frameworks take undefined, null and some texts for leave to go on.
  if (typeof error !== 'object' || error === null) return scrubbed(error)
  if (error instanceof InvalidOptionError) return new MisconfiguredError(error)
  if (!hasToken(headers)) return error
  if (error instanceof ChallengeRequiredError) return new ChallengeRequiredError(error.maxAge, 401, acr)
  return error instanceof CodeRequiredError ? new CodeRequiredError(401, acr) : error
}

function hasToken (headers: Headers): boolean {
  const { authorization } = ownOnly(headers)
  return typeof authorization === 'string' && /^bearer /i.test(authorization)
}

function insufficientAuthentication (
  description: string, { maxAge, acr }: Pick<ChallengeRequiredError, 'maxAge' | 'acr'>
): string {
  return 'Bearer error="insufficient_user_authentication", ' +
    `error_description="${description}", max_age="${maxAge}"` +
    (acr === undefined ? '' : `, acr_values="${acr}"`)
}
