import {
  ChallengeRequiredError, ConflictError, InvalidOptionError, LockedError, MisconfiguredError
} from '../errors.js'

/** Every answer is for this request alone. */
export const UNCACHED: Readonly<Record<string, string>> = { 'cache-control': 'no-store' }

/** The headers that an error is answered with. */
export function errorHeaders (error: unknown): Record<string, string> {
  if (error instanceof ChallengeRequiredError && error.statusCode === 401) {
    return { 'www-authenticate': insufficientAuthentication(error.maxAge) }
  }
  return error instanceof LockedError || error instanceof ConflictError ? { ...error.headers } : {}
}

/**
 * The error that a client is told. A request with a bearer token gets the challenge of RFC 9470 section 3, so
 * that its client asks the user and comes back. Clients learn nothing about options.
 */
export function errorForClient (error: unknown, authorization: string | undefined): unknown {
  if (error instanceof InvalidOptionError) return new MisconfiguredError(error)
  if (!(error instanceof ChallengeRequiredError) || !/^bearer /i.test(authorization ?? '')) return error
  return new ChallengeRequiredError(error.maxAge, 401)
}

function insufficientAuthentication (maxAge: number): string {
  return 'Bearer error="insufficient_user_authentication", ' +
    `error_description="A recent challenge has to be approved", max_age="${maxAge}"`
}
