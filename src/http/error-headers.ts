import {
  ChallengeRequiredError, ConflictError, InvalidOptionError, LockedError, MisconfiguredError
} from '../errors.js'

/** Every answer of the plugin is for this request alone. */
export const NO_STORE: Readonly<Record<string, string>> = { 'cache-control': 'no-store' }

/** The headers that go with an error. */
export function refusalHeaders (error: unknown): Record<string, string> {
  if (error instanceof ChallengeRequiredError && error.statusCode === 401) {
    return { 'www-authenticate': insufficientAuthentication(error.maxAge) }
  }
  return error instanceof LockedError || error instanceof ConflictError ? { ...error.headers } : {}
}

/**
 * What a caller is told. To those with a bearer token RFC 9470 section 3 says how to put that a challenge is
 * required, so that clients that know it ask the user and come back. Options are nobody's business.
 */
export function refusalFor (error: unknown, authorization: string | undefined): unknown {
  if (error instanceof InvalidOptionError) return new MisconfiguredError(error)
  if (!(error instanceof ChallengeRequiredError) || !/^bearer /i.test(authorization ?? '')) return error
  return new ChallengeRequiredError(error.maxAge, 401)
}

function insufficientAuthentication (maxAge: number): string {
  return 'Bearer error="insufficient_user_authentication", ' +
    `error_description="A recent challenge has to be approved", max_age="${maxAge}"`
}
