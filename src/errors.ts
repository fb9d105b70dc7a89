import { ownValue } from './own-property.js'
import { scrubbed } from './scrubbed.js'

/**
 * A refusal: a stable `code` for programs, an HTTP status, and a message that is safe to show to any user.
 */
export abstract class TotpError extends Error {
  /** Stable: part of the API. */
  abstract readonly code: string
  /** HTTP status of the answer, which the error handlers of Fastify and Express read. */
  readonly statusCode: number

  constructor (statusCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.statusCode = statusCode
    this.name = new.target.name
  }
}

/** An option is wrong. Thrown while the second factor is set up, so the server doesn't start. */
export class InvalidOptionError extends TotpError {
  readonly code = 'ERR_TOTP_INVALID_OPTION'
  constructor (option: string, expected: string, options?: ErrorOptions) {
    super(500, `fastify-verify-totp: option "${option}" ${expected}`, options)
  }
}

/**
 * Something of this package stands where it can't work. Thrown while the server is set up. During a request,
 * it is the cause of a `MisconfiguredError`.
 */
export class MisplacedError extends TotpError {
  readonly code = 'ERR_TOTP_INVALID_OPTION'
  constructor (problem: string) {
    super(500, `fastify-verify-totp: ${problem}`)
  }
}

/**
 * A function among the options failed during a request, or something stands in the wrong place. The cause is
 * for the log, and names it.
 */
export class MisconfiguredError extends TotpError {
  readonly code = 'ERR_TOTP_INVALID_OPTION'
  constructor (cause: InvalidOptionError | MisplacedError) {
    super(500, 'The second factor of this server is not set up correctly.', { cause })
  }
}

/**
 * `identify` threw something other than a 401, or returned something other than a string, undefined or null.
 * The cause is for the log.
 */
export class IdentityError extends TotpError {
  readonly code = 'ERR_TOTP_IDENTITY'
  constructor (cause: Error) {
    super(500, 'The identity of this request could not be established.', { cause })
  }
}

/**
 * No user is logged in: `identify` returned undefined, null, '' or a string that can't name a user, or threw
 * an error with status 401.
 */
export class UnidentifiedError extends TotpError {
  readonly code = 'ERR_TOTP_UNIDENTIFIED'
  /** Whether `identify` returned undefined, null or ''. */
  readonly isAnonymous: boolean
  constructor (isAnonymous = false) {
    super(401, 'Log in first.')
    this.isAnonymous = isAnonymous
  }
}

/** A browser sent the request from a page of another site. */
export class CrossSiteError extends TotpError {
  readonly code = 'ERR_TOTP_CROSS_SITE'
  constructor (cause?: unknown) {
    super(403, 'Requests from other sites are refused.', { cause })
  }
}

/**
 * Malformed input, refused before anything is counted. It has the code of Fastify's own validation errors.
 */
export class MalformedError extends TotpError {
  readonly code = 'FST_ERR_VALIDATION'
  constructor (message: string) {
    super(400, message)
  }
}

/**
 * A code that was denied, or not judged at all. The log learns whose: loggers print inherited properties too.
 * Answers don't, because JSON and a spread leave them out.
 */
abstract class UnjudgedError extends TotpError {
  #entitySid: string | null = null

  /** For the log: the entity of the user, `YE` and 32 hex digits. It identifies the user to no one else. */
  get entitySid (): string | null {
    return this.#entitySid
  }

  static {
    Object.defineProperty(this.prototype, 'entitySid', { enumerable: true })
  }

  /** Names the entity, once it is known. */
  static about (error: UnjudgedError, entitySid: string | null): void {
    error.#entitySid = entitySid
  }
}

/**
 * The identity has reached a cap on wrong codes. A recovery code, a pass or an operator's `unlock` ends this.
 */
export class DisabledError extends UnjudgedError {
  readonly code = 'ERR_TOTP_DISABLED'
  constructor () {
    super(403, 'Too many wrong codes: codes from your app are turned off. ' +
      'Contact support, or use a recovery code if you have one.')
  }
}

/**
 * Codes aren't judged for a while, after wrong ones or because the provider demands it. Right ones get this
 * too.
 */
export class LockedError extends UnjudgedError {
  readonly code = 'ERR_TOTP_LOCKED'
  /** Seconds until codes are judged again, or until a new enrollment may begin. */
  readonly retryAfter: number
  /** Response headers, which the error handlers of Fastify and Express send. */
  readonly headers: Readonly<Record<string, string>>
  constructor (retryAfter: number, message = 'Too many codes: wait before trying again.') {
    super(429, message)
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

/**
 * The session has no approval, or one that is too old or void. 401 for a request with a bearer token (RFC
 * 9470).
 */
export class ChallengeRequiredError extends TotpError {
  readonly code = 'ERR_TOTP_CHALLENGE_REQUIRED'
  /** Seconds since the approval within which a request passes. */
  readonly maxAge: number
  /** The option `acr`, for a client with a bearer token. */
  readonly acr: string | undefined
  constructor (maxAge: number, statusCode: 401 | 403 = 403, acr?: string) {
    super(statusCode, 'Answer a challenge with a code of your authenticator app first.')
    this.maxAge = maxAge
    this.acr = acr
  }
}

/**
 * The route takes a code with each request, and this one brought none. 401 for a request with a bearer token
 * (RFC 9470).
 */
export class CodeRequiredError extends TotpError {
  readonly code = 'ERR_TOTP_CODE_REQUIRED'
  /** The option `acr`, for a client with a bearer token. */
  readonly acr: string | undefined
  constructor (statusCode: 401 | 403 = 403, acr?: string) {
    super(statusCode, 'Send a code of your authenticator app with this request.')
    this.acr = acr
  }
}

/** The code was wrong, spent or expired. The answer doesn't say which. */
export class ChallengeDeniedError extends UnjudgedError {
  readonly code = 'ERR_TOTP_CHALLENGE_DENIED'
  /**
   * Seconds that the clock of the user's phone is ahead, negative if it is behind; null where that isn't
   * known. Only the first code of a new embedded factor tells.
   */
  readonly clockOff: number | null
  constructor (
    message = 'This code was not accepted. Wait for the next one and try again.', clockOff: number | null = null
  ) {
    super(403, message)
    this.clockOff = clockOff
  }
}

/** The identity has no such factor, or this session may not see it. */
export class FactorNotFoundError extends TotpError {
  readonly code = 'ERR_TOTP_FACTOR_NOT_FOUND'
  constructor () {
    super(404, 'There is no such factor.')
  }
}

/** The unverified factor at a remote provider can't be verified any more: the user has to enroll again. */
export class EnrollmentEndedError extends TotpError {
  readonly code = 'ERR_TOTP_FACTOR_NOT_FOUND'
  constructor () {
    super(404, 'This enrollment has ended: enroll again.')
  }
}

/** The identity has `maxFactors` verified factors already. */
export class FactorLimitError extends TotpError {
  readonly code = 'ERR_TOTP_FACTOR_LIMIT'
  constructor () {
    super(409, 'There are as many factors as allowed: remove one first.')
  }
}

/**
 * Other requests for the same identity won every race, or one of them is still waiting for Twilio. This
 * request changed nothing and can be repeated.
 */
export class ConflictError extends TotpError {
  readonly code = 'ERR_TOTP_CONFLICT'
  /** Seconds to wait before repeating the request. */
  readonly retryAfter = 1
  /** Response headers, which the error handlers of Fastify and Express send. */
  readonly headers: Readonly<Record<string, string>> = { 'retry-after': '1' }
  constructor () {
    super(503, 'Too many requests for this account at once: try again.')
  }
}

/** The store failed, was too slow, or returned a document that doesn't fit. The cause is only for the log. */
export class StoreError extends TotpError {
  readonly code = 'ERR_TOTP_STORE'
  constructor (cause: unknown) {
    super(503, 'The second factor is unavailable at the moment: try again later.', { cause: scrubbed(cause) })
  }
}

/**
 * The remote provider failed, was too slow, or answered about something else. The cause is only for the log,
 * and quotes nothing that was sent.
 */
export class ProviderError extends TotpError {
  readonly code = 'ERR_TOTP_PROVIDER'
  constructor (cause: Error) {
    super(503, 'The second factor is unavailable at the moment: try again later.', { cause })
  }
}

/** The union of all errors of this package: `switch (error.code)` narrows it. */
export type AnyTotpError =
  | InvalidOptionError | MisplacedError | MisconfiguredError | IdentityError | UnidentifiedError
  | CrossSiteError | MalformedError | DisabledError
  | LockedError | NotEnrolledError | ChallengeRequiredError | CodeRequiredError | ChallengeDeniedError
  | FactorNotFoundError | EnrollmentEndedError | FactorLimitError | ConflictError | StoreError | ProviderError

/** The error itself; the log line of a denial or a lock now names this entity. */
export function aboutEntity<E> (error: E, entitySid: string | null): E {
  if (error instanceof UnjudgedError) UnjudgedError.about(error, entitySid)
  return error
}

/** True for an error of this package. */
export function isTotpError (error: unknown): error is AnyTotpError
export function isTotpError (error: unknown, ...misused: unknown[]): boolean {
  refuseHookCall(misused)
  return error instanceof TotpError
}

/** True for an error of status 401, with which authenticators say that no user is logged in. */
export function isUnauthorized (error: unknown): boolean {
  return error instanceof Error && [ownValue(error, 'statusCode'), ownValue(error, 'status')].includes(401)
}

/** The error about a function of this package that a server took for a guard: a method with this name. */
export function notAGuard (name?: string): MisplacedError {
  const given = name === undefined ? 'another function' : `totp.${name} itself`
  return new MisplacedError(`a guard must be what totp.required() returns, not ${given}`)
}

/**
 * Throws when a framework called a function as a hook or a middleware: it passes one more function as the
 * last argument, and waits for its call. Functions that return no promise need this: else the request would
 * never end.
 */
export function refuseHookCall (misused: readonly unknown[]): void {
  if (typeof misused.at(-1) === 'function') throw notAGuard()
}
