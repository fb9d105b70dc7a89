import { isFuture, isWithin } from '../time/age.js'
import {
  MAX_CREATED, type Attempts, type Leftover, type Remote, type TwilioFactor, type UnverifiedFactor,
  type UnverifiedTwilio, type VerifiedFactor
} from './entity.js'

/** Wrong codes that one challenge may have. Twilio refuses the next code with 60308. */
const TRIES = 5
/**
 * Seconds during which a pending challenge is reused. At Twilio it lasts 300: a request under way must not
 * meet the end.
 */
const CHALLENGE_LIFE = 240
/** Challenges that Twilio creates for one factor within a time (60312). */
const CREATION_LIMITS = [{ count: 50, within: 3600 }, { count: MAX_CREATED, within: 86_400 }]
/** Seconds by which this clock and Twilio's may differ. */
const CLOCK_MARGIN = 120
/** Codes that can be right at one moment. As many are kept spent whatever the clock says. */
const ALWAYS_SPENT = 5

/** The unverified factor as a verified one, after a code with this digest. */
export function verifiedTwilio (
  { hash, generation, failures, askedAt, ...enrolled }: UnverifiedTwilio, digest: string, now: number
): TwilioFactor {
  const spent = [{ digest, at: now }]
  return { ...enrolled, verifiedAt: now, lastUsedAt: now, spent, challenge: null, created: [] }
}

/** The pending challenge if it takes another code, or null when a new challenge is needed. */
export function openChallenge ({ challenge }: TwilioFactor, now: number): TwilioFactor['challenge'] {
  if (challenge === null || challenge.tries >= TRIES) return null
  return isWithin(CHALLENGE_LIFE, challenge.at, now) ? challenge : null
}

/** Seconds until Twilio would create another challenge; 0 when it would now. */
export function creationWait ({ created }: TwilioFactor, now: number): number {
  return Math.max(0, ...CREATION_LIMITS.map(({ count, within }) => {
    const earliest = created.filter(at => isWithin(within, at, now)).at(-count)
    return earliest === undefined ? 0 : Math.min(earliest + within + 1 - now, within)
  }))
}

/**
 * The factor while Twilio is asked about a code: the challenge can't be reused meanwhile, so no answer can be
 * about another request's code.
 */
export function markAsked (factor: TwilioFactor, now: number): TwilioFactor {
  if (openChallenge(factor, now) !== null) return { ...factor, challenge: null }
  const created = factor.created.filter(at => isWithin(86_400, at, now))
  return { ...factor, challenge: null, created: [...created, now].slice(-MAX_CREATED) }
}

/** The factor after Twilio created no challenge for the request of `at`. */
export function notCreated (factor: TwilioFactor, at: number): TwilioFactor {
  const index = factor.created.lastIndexOf(at)
  return index < 0 ? factor : { ...factor, created: factor.created.toSpliced(index, 1) }
}

/** True for a code that was accepted before, or that Twilio is judging now. */
export function isSpent (factor: TwilioFactor, { pending }: Attempts, digests: readonly string[]): boolean {
  return factor.spent.some(({ digest }) => digests.includes(digest)) ||
    pending.some(({ factorSid, digest }) => factorSid === factor.sid && digests.includes(digest))
}

/** The factor after its code was accepted. The code stays spent for as long as Twilio may accept it. */
export function usedFactor (factor: TwilioFactor, digest: string, now: number): TwilioFactor {
  const { timeStep, skew } = factor.config
  const life = (2 * skew + 1) * timeStep + CLOCK_MARGIN
  const kept = factor.spent.filter(({ at }, index) =>
    isWithin(life, at, now) || isFuture(at, now) || index >= factor.spent.length - ALWAYS_SPENT)
  const spent = [...kept, { digest, at: now }].slice(-MAX_CREATED)
  return { ...factor, challenge: null, lastUsedAt: now, spent }
}

/** The leftovers of these factors: what has to be deleted at Twilio. */
export function leftoversOf (factors: ReadonlyArray<VerifiedFactor | UnverifiedFactor>): Leftover[] {
  return factors.flatMap(factor =>
    factor.provider === 'twilio' ? [{ sid: factor.sid, remote: factor.remote, tag: factor.tag }] : [])
}

/** True when both name the same factor at Twilio, which ignores the case of identities. */
export function isSameRemote (one: Remote, other: Remote): boolean {
  const name = ({ serviceSid, identity, sid }: Remote) => [serviceSid, identity, sid].join('/').toLowerCase()
  return name(one) === name(other)
}
