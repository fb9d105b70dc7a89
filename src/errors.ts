/**
 * Every refusal: a stable `code` for programs, an HTTP status, a sentence that is safe to show to anybody.
 */
export abstract class TotpError extends Error {
  /** Stable, part of the API. */
  abstract readonly code: string
  /** HTTP status of the answer; Fastify's error handler reads it. */
  readonly statusCode: number

  constructor (statusCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.statusCode = statusCode
    this.name = new.target.name
  }
}

/** An option that can't work; thrown while the plugin registers, so that the server doesn't start. */
export class InvalidOptionError extends TotpError {
  readonly code = 'ERR_TOTP_INVALID_OPTION'
  constructor (option: string, expected: string, options?: ErrorOptions) {
    super(500, `fastify-verify-totp: option "${option}" ${expected}`, options)
  }
}

/** A function among the options turned out not to work during a request. The cause, for the log, names it. */
export class MisconfiguredError extends TotpError {
  readonly code = 'ERR_TOTP_INVALID_OPTION'
  constructor (cause: InvalidOptionError) {
    super(500, 'The second factor of this server is not set up correctly.', { cause })
  }
}

/** `identify` broke its contract: it threw, or returned something that is neither a string nor nobody. */
export class IdentityError extends TotpError {
  readonly code = 'ERR_TOTP_IDENTITY'
  constructor (cause: Error) {
    super(500, 'The identity of this request could not be established.', { cause })
  }
}

/** `identify` named nobody, or something that can't be the name of anybody. */
export class UnidentifiedError extends TotpError {
  readonly code = 'ERR_TOTP_UNIDENTIFIED'
  constructor () {
    super(401, 'Log in first.')
  }
}

/** A browser sent the request from a page of another site. */
export class CrossSiteError extends TotpError {
  readonly code = 'ERR_TOTP_CROSS_SITE'
  constructor () {
    super(403, 'Requests from other sites are refused.')
  }
}

/**
 * Input that can't be judged; refused before anything is counted. Over HTTP it is Fastify's own validation
 * error.
 */
export class MalformedError extends TotpError {
  readonly code = 'FST_ERR_VALIDATION'
  constructor (message: string) {
    super(400, message)
  }
}

/** A cap on wrong codes was reached; only the operator's `unlock` ends this. */
export class DisabledError extends TotpError {
  readonly code = 'ERR_TOTP_DISABLED'
  constructor () {
    super(403, 'Too many wrong codes: challenges are disabled for this account. Contact its support.')
  }
}

/**
 * Judging pauses after wrong codes, or where the provider asks for it; right and wrong codes get this same
 * answer.
 */
export class LockedError extends TotpError {
  readonly code = 'ERR_TOTP_LOCKED'
  /** Seconds until codes are judged again. */
  readonly retryAfter: number
  /** Fastify's error handler sends them. */
  readonly headers: Readonly<Record<string, string>>
  constructor (retryAfter: number) {
    super(429, 'Too many codes: wait before trying again.')
    this.retryAfter = retryAfter
    this.headers = { 'retry-after': String(retryAfter) }
  }
}

/** The identity has no verified factor. */
export class NotEnrolledError extends TotpError {
  readonly code = 'ERR_TOTP_NOT_ENROLLED'
  constructor () {
    super(403, 'Enroll an authenticator app first.')
  }
}

/** The session has no approval, or it is too old or void. 401 for callers with a bearer token, RFC 9470. */
export class ChallengeRequiredError extends TotpError {
  readonly code = 'ERR_TOTP_CHALLENGE_REQUIRED'
  /** Seconds that an approval may be old to pass. */
  readonly maxAge: number
  constructor (maxAge: number, statusCode: 401 | 403 = 403) {
    super(statusCode, 'Answer a challenge with a code of your authenticator app first.')
    this.maxAge = maxAge
  }
}

/** The code was wrong, spent or expired; the answer doesn't say which. */
export class ChallengeDeniedError extends TotpError {
  readonly code = 'ERR_TOTP_CHALLENGE_DENIED'
  constructor () {
    super(403, 'This code was not accepted. Wait for the next one and try again.')
  }
}

/** The identity has no such factor, or this session may not know of it. */
export class FactorNotFoundError extends TotpError {
  readonly code = 'ERR_TOTP_FACTOR_NOT_FOUND'
  constructor () {
    super(404, 'There is no such factor.')
  }
}

/** The unverified factor can't be verified any more, at a remote provider; the cure is a new one. */
export class EnrollmentEndedError extends TotpError {
  readonly code = 'ERR_TOTP_FACTOR_NOT_FOUND'
  constructor () {
    super(404, 'This enrollment has ended: enroll again.')
  }
}

/** The identity has `maxFactors` verified factors. */
export class FactorLimitError extends TotpError {
  readonly code = 'ERR_TOTP_FACTOR_LIMIT'
  constructor () {
    super(409, 'There are as many factors as allowed: remove one first.')
  }
}

/**
 * Other requests for the same identity won every race, or Twilio is being asked still. The write that was to
 * come has changed nothing, and the request can be repeated.
 */
export class ConflictError extends TotpError {
  readonly code = 'ERR_TOTP_CONFLICT'
  /** Seconds to wait before repeating the request. */
  readonly retryAfter = 1
  /** Fastify's error handler sends them. */
  readonly headers: Readonly<Record<string, string>> = { 'retry-after': '1' }
  constructor () {
    super(503, 'Too many requests for this account at once: try again.')
  }
}

/**
 * The store failed, was too slow, or returned what it can't have been given. The cause is for the log alone.
 */
export class StoreError extends TotpError {
  readonly code = 'ERR_TOTP_STORE'
  constructor (cause: unknown) {
    super(503, 'The second factor is unavailable at the moment: try again later.', { cause: scrubbed(cause) })
  }
}

/**
 * The remote provider failed, was too slow, or answered what it can't have been asked. The cause is for the
 * log alone, and says what is known without anything that was sent.
 */
export class ProviderError extends TotpError {
  readonly code = 'ERR_TOTP_PROVIDER'
  constructor (cause: Error) {
    super(503, 'The second factor is unavailable at the moment: try again later.', { cause })
  }
}

/** Every error that this package throws; `switch (error.code)` narrows it. */
export type AnyTotpError =
  | InvalidOptionError | MisconfiguredError | IdentityError | UnidentifiedError | CrossSiteError
  | MalformedError | DisabledError
  | LockedError | NotEnrolledError | ChallengeRequiredError | ChallengeDeniedError | FactorNotFoundError
  | EnrollmentEndedError | FactorLimitError | ConflictError | StoreError | ProviderError

/** True for the errors of this package. */
export function isTotpError (error: unknown): error is AnyTotpError {
  return error instanceof TotpError
}

/**
 * A copy of somebody else's error that is fit for a log. Drivers put connection strings, rows and parameters
 * into messages and properties, so only name, code, frames and a message without anything key-like remain.
 */
export function scrubbed (error: unknown): Error {
  try {
    return scrubbedCopy(error)
  } catch {
    return new Error('an error that can\'t be read')
  }
}

function scrubbedCopy (error: unknown): Error {
  if (!(error instanceof Error)) return new Error(`not an error: ${error === null ? 'null' : typeof error}`)
  const copy: Error & { code?: string } = new Error(masked(error.message))
  copy.name = masked(error.name)
  if ('code' in error && typeof error.code === 'string') copy.code = masked(error.code)
  copy.stack = [`${copy.name}: ${copy.message}`, ...framesOf(error)].join('\n')
  return copy
}

/** What stands behind the message, which may have lines that look like frames. */
function framesOf ({ stack, message }: Error): string[] {
  const [, ...behind] = String(stack).split(message || '\n')
  return behind.join('\n').split('\n').filter(line => /^\s+at /.test(line))
}

/** Hides credentials, runs as long as a secret or a mark, and runs of digits that could be a code. */
function masked (text: string): string {
  return text
    .replace(/\S+/g, withoutUserinfo)
    .replace(/(?<!\w)(?=\w*?(?:pass|pwd|secret|token))(\w+["']?\s*[=:]\s*)\S+/gi, '$1…')
    .replace(/[A-Za-z0-9+/_=-]{20,}/g, '…')
    .replace(/[0-9]{3}[ -]?[0-9]{3,}/g, '…')
}

/** Without a RegExp: that would look for the end from every slash once more, in a text of a stranger's. */
function withoutUserinfo (word: string): string {
  const [begin, end] = [word.indexOf('//'), word.lastIndexOf('@')]
  return begin < 0 || end < begin ? word : `${word.slice(0, begin)}//…${word.slice(end)}`
}
