import type { Remote } from '../entity/entity.js'
import { ProviderError } from '../errors.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Outcome } from './provider.js'
import { isChallengeSid } from './twilio-name.js'

/** What came back, as far as anybody knows. */
export type Answer = Readonly<Record<string, unknown>>

const SECRET = /^[A-Z2-7]{16,256}={0,6}$/
const URI = /^otpauth:\/\/totp\/[!-~]{1,2000}$/

/** An answer, if it is one. Throws `ProviderError` for all else, as everything here does. */
export function answerOf (value: unknown): Answer {
  if (typeof value !== 'object' || value === null) throw unfit()
  return Object.fromEntries(Object.entries(value))
}

/** The failure of an answer that is about something else, or of no sense. */
export function unfit (): ProviderError {
  return new ProviderError(new Error('Twilio answered with what it was not asked about'))
}

/**
 * Only `approved` opens, and only for what was asked; other words than Twilio's for a wrong code are no
 * verdict.
 */
export function verdict (remote: Remote, answer: Answer, pendingSid: string | null): Outcome {
  const { sid, status } = answer
  const asked = isChallengeSid(sid) && (pendingSid === null || sid === pendingSid) &&
    concerns(answer, remote, answer['factorSid'])
  if (!asked) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'approved') return { verdict: 'approved' }
  if (status === 'pending') return { verdict: 'denied', challengeSid: sid }
  return status === 'denied' ? { verdict: 'denied', challengeSid: null } : { verdict: 'unfit', refusal: unfit() }
}

/** The same of the first code of a factor. */
export function verification (remote: Remote, answer: Answer): Outcome {
  const { sid, status } = answer
  if (!concerns(answer, remote, sid)) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'verified') return { verdict: 'approved' }
  return status === 'unverified' ? { verdict: 'denied', challengeSid: null } : { verdict: 'unfit', refusal: unfit() }
}

/** Identities have no case at Twilio, and not every answer may have the spelling that was sent. */
export function concerns (answer: Answer, remote: Remote, factorSid: unknown): boolean {
  const { serviceSid, identity } = answer
  return serviceSid === remote.serviceSid && factorSid === remote.sid &&
    typeof identity === 'string' && identity.toLowerCase() === remote.identity.toLowerCase()
}

/** What the codes of a factor are made of. */
export function configOf ({ config }: Answer): TotpConfig {
  const { alg, code_length: codeLength, time_step: timeStep, skew } = answerOf(config)
  if (alg !== 'sha1' && alg !== 'sha256' && alg !== 'sha512') throw unfit()
  if (typeof codeLength !== 'number' || typeof timeStep !== 'number' || typeof skew !== 'number') throw unfit()
  return { alg, codeLength, timeStep, skew }
}

/** What is typed and what is scanned have to be one secret, and the one that was given, if one was. */
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
