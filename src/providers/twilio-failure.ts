import {
  ConflictError, FactorLimitError, FactorNotFoundError, LockedError, MalformedError, ProviderError,
  type TotpError
} from '../errors.js'
import { ownValue } from '../own-property.js'
import type { Outcome } from './provider.js'

/** The parts of a failure that may be logged: never its message, or anything that was sent. */
export interface Failure {
  /** HTTP status, or null when there was no answer. */
  readonly status: number | null
  /** Twilio's error number, or the system's error code of a broken connection. */
  readonly code: number | string | null
}

/** Error numbers of a wrong code from before October 2021, which are still documented. */
const DENIED = [60311, 60324]
/** The form of system error codes. */
const SYSTEM_CODE = /^[A-Z][A-Z_]{2,40}$/
/** Connections that were never made, or were closed before anything was sent because of their certificate. */
const UNSENT = [
  'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN',
  'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'CERT_UNTRUSTED', 'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
]
/**
 * Errors after which the code was certainly not judged. Any other error may mean a wrong code, or come with
 * the last code that is judged, as 60308 may.
 */
const UNJUDGED = [
  20001, 20003, 20403, 20404, 20429, 25109, 60200, 60204, 60300, 60306, 60312, 60318, 60326, 60328,
  60361, 60362, 60363, 60364, 60365, 60366, 60367, 60370, 60390, 60391, 60392
]
/** The challenge takes no more codes. The next request creates a new one. */
const CLOSED_CHALLENGE = [60322, 60323]
const GONE = [20404, 60390, 60391, 60392]
/** No code verifies this unverified factor any more. */
const ENDED = [60310, 60383]
/** Seconds to wait after too many requests: 60312 counts by the hour, 60326 by the day. */
const RETRY_AFTER: Readonly<Record<number, number>> = { 60312: 3600, 60326: 86_400 }

/** The outcome for the code that Twilio was asked about. */
export function outcomeOf (failure: Failure): Outcome {
  const { status, code } = failure
  if (isOneOf(DENIED, code)) return { verdict: 'denied', challengeSid: null }
  if (isOneOf(CLOSED_CHALLENGE, code)) return { verdict: 'unjudged', refusal: new ConflictError() }
  const refusal = status === 429 ? waitRefusal(code) : new ProviderError(causeOf(failure))
  const unjudged = status === null ? isOneOf(UNSENT, code) : isOneOf(UNJUDGED, code)
  return { verdict: unjudged ? 'unjudged' : 'unknown', refusal }
}

/** The refusal for a failure to create a factor; null when the failure is Twilio's own. */
export function enrollmentRefusal ({ status, code }: Failure): TotpError | null {
  if (code === 60315) return new FactorLimitError()
  if (code === 60317) return new MalformedError('secret belongs to a factor of this identity already')
  if (code === 60314) return new MalformedError('secret was refused by Twilio')
  return status === 429 ? waitRefusal(code) : null
}

/** The refusal for a failure to look up a factor; null when the failure is Twilio's own. */
export function fetchRefusal (failure: Failure): TotpError | null {
  if (isGone(failure)) return new FactorNotFoundError()
  return failure.status === 429 ? waitRefusal(failure.code) : null
}

function waitRefusal (code: Failure['code']): LockedError {
  return new LockedError(typeof code === 'number' ? RETRY_AFTER[code] ?? 1 : 1)
}

/** True when Twilio says that there is no such factor. */
export function isGone ({ status, code }: Failure): boolean {
  return status === 404 && isOneOf(GONE, code)
}

/** True when no code can verify the unverified factor any more. */
export function endsEnrollment (failure: Failure): boolean {
  return isGone(failure) || isOneOf(ENDED, failure.code)
}

/**
 * The failure behind an error of the client. It goes by the error's form, because some of the client's
 * classes aren't exported and one error is a copy of another. A value in the place of Twilio's number that
 * doesn't look like one is ignored: it could be anything that was sent.
 */
export function failureOf (error: unknown): Failure {
  if (!(error instanceof Error)) return { status: null, code: null }
  const [status, code] = [ownValue(error, 'status'), ownValue(error, 'code')]
  const isSystem = status === undefined && typeof code === 'string' && SYSTEM_CODE.test(code)
  return {
    status: isBetween(100, status, 599) ? status : null,
    code: isSystem || isBetween(10_000, code, 99_999) ? code : null
  }
}

function isBetween (least: number, value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

/** The failure as an error for the log. */
export function causeOf ({ status, code }: Failure): Error {
  if (status === null) return new Error(`Twilio gave no readable answer${code === null ? '' : `: ${code}`}`)
  return new Error(`Twilio answered with HTTP ${status}${code === null ? '' : `, error ${code}`}`)
}

function isOneOf (codes: ReadonlyArray<number | string>, code: number | string | null): boolean {
  return code !== null && codes.includes(code)
}
