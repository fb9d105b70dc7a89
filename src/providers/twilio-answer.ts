import type { Remote } from '../entity/entity.js'
import { ProviderError } from '../errors.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Outcome } from './provider.js'
import { isChallengeSid } from './twilio-name.js'

/** An answer of Twilio, of which nothing is known yet. */
export type Answer = Readonly<Record<string, unknown>>

const SECRET = /^[A-Z2-7]{16,256}={0,6}$/
const URI = /^otpauth:\/\/totp\/[!-~]{1,2000}$/

/** The value as an answer. Throws `ProviderError` if it isn't one, like all functions here. */
export function answerOf (value: unknown): Answer {
  if (typeof value !== 'object' || value === null) throw unfit()
  return { __proto__: null, ...value }
}

/** The error for an answer that is about something else, or makes no sense. */
export function unfit (): ProviderError {
  return new ProviderError(new Error('Twilio answered about something else'))
}

/**
 * Only `approved` approves, and only exactly what was asked. A status that Twilio doesn't document is no
 * verdict.
 */
export function verdictOf (remote: Remote, answer: Answer, pendingSid: string | null): Outcome {
  const { sid, status } = answer
  const fits = isChallengeSid(sid) && (pendingSid === null || sid === pendingSid) &&
    concerns(answer, remote, answer['factorSid'])
  if (!fits) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'approved') return { verdict: 'approved' }
  if (status === 'pending') return { verdict: 'denied', challengeSid: sid }
  return status === 'denied' ? { verdict: 'denied', challengeSid: null } : { verdict: 'unfit', refusal: unfit() }
}

/** The same for the first code of a factor. */
export function firstVerdictOf (remote: Remote, answer: Answer): Outcome {
  const { sid, status } = answer
  if (!concerns(answer, remote, sid)) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'verified') return { verdict: 'approved' }
  return status === 'unverified' ? { verdict: 'denied', challengeSid: null } : { verdict: 'unfit', refusal: unfit() }
}

/**
 * True for an answer about this factor. Twilio ignores the case of identities, and may answer in another one.
 */
export function concerns (answer: Answer, remote: Remote, factorSid: unknown): boolean {
  const { serviceSid, identity } = answer
  return serviceSid === remote.serviceSid && factorSid === remote.sid &&
    typeof identity === 'string' && identity.toLowerCase() === remote.identity.toLowerCase()
}

/** The config of a factor. */
export function configOf ({ config }: Answer): TotpConfig {
  const { alg, code_length: codeLength, time_step: timeStep, skew } = answerOf(config)
  if (alg !== 'sha1' && alg !== 'sha256' && alg !== 'sha512') throw unfit()
  if (typeof codeLength !== 'number' || typeof timeStep !== 'number' || typeof skew !== 'number') throw unfit()
  return { alg, codeLength, timeStep, skew }
}

/**
 * The binding of a new factor. Typed and scanned secret have to be the same, and the given one, if there is
 * one.
 */
export function bindingOf ({ binding }: Answer, own: string | undefined): { secret: string, uri: string } {
  const { secret, uri } = answerOf(binding)
  if (!matches(secret, SECRET) || !matches(uri, URI)) throw unfit()
  const scanned = new URL(uri).searchParams.get('secret')
  const digits = secret.replace(/={1,6}$/, '')
  if (scanned?.replace(/={1,6}$/, '') !== digits || (own ?? digits) !== digits) throw unfit()
  return { secret, uri }
}

function matches (value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}
