import { isFuture, isWithin } from '../time/age.js'
import {
  MAX_CREATED, type Attempts, type Leftover, type Remote, type TwilioFactor, type UnverifiedFactor,
  type UnverifiedTwilio, type VerifiedFactor
} from './entity.js'

/** Wrong codes that one challenge may have; Twilio refuses the next one with 60308. */
const TRIES = 5
/**
 * Seconds that a pending challenge is of use. Twilio's last 300; a request that is under way shouldn't meet
 * the end.
 */
const CHALLENGE_LIFE = 240
/** Challenges that Twilio lets one factor have (60312). */
const CREATION_LIMITS = [{ count: 50, within: 3600 }, { count: MAX_CREATED, within: 86_400 }]
/** Seconds by which this clock and Twilio's may differ. */
const CLOCK_MARGIN = 120
/** Codes that one moment can have, kept spent whatever the clock says. */
const ALWAYS_SPENT = 5

/** Enough of an unverified factor to be verified; the digest is of the code that did it. */
export function verifiedTwilio (
  { hash, generation, failures, askedAt, ...enrolled }: UnverifiedTwilio, digest: string, now: number
): TwilioFactor {
  const spent = [{ digest, at: now }]
  return { ...enrolled, verifiedAt: now, lastUsedAt: now, spent, challenge: null, created: [] }
}

/** The pending challenge that takes one more code, or null when it takes a new one. */
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
 * The factor with nothing left to reuse while Twilio is asked: a challenge takes one code at a time, so that
 * no answer can be about another request's code.
 */
export function askedFactor (factor: TwilioFactor, now: number): TwilioFactor {
  if (openChallenge(factor, now) !== null) return { ...factor, challenge: null }
  const created = factor.created.filter(at => isWithin(86_400, at, now))
  return { ...factor, challenge: null, created: [...created, now].slice(-MAX_CREATED) }
}

/** The factor when it turned out that no challenge was created at `at`. */
export function notCreated (factor: TwilioFactor, at: number): TwilioFactor {
  const index = factor.created.lastIndexOf(at)
  return index < 0 ? factor : { ...factor, created: factor.created.toSpliced(index, 1) }
}

/** True for a code that was accepted before, or about which Twilio is being asked. */
export function isSpent (factor: TwilioFactor, { asked }: Attempts, digests: readonly string[]): boolean {
  return factor.spent.some(({ digest }) => digests.includes(digest)) ||
    asked.some(({ factorSid, digest }) => factorSid === factor.sid && digests.includes(digest))
}

/** The factor after its code was accepted; the code is spent for as long as Twilio may accept it again. */
export function usedFactor (factor: TwilioFactor, digest: string, now: number): TwilioFactor {
  const { timeStep, skew } = factor.config
  const life = (2 * skew + 1) * timeStep + CLOCK_MARGIN
  const kept = factor.spent.filter(({ at }, index) =>
    isWithin(life, at, now) || isFuture(at, now) || index >= factor.spent.length - ALWAYS_SPENT)
  const spent = [...kept, { digest, at: now }].slice(-MAX_CREATED)
  return { ...factor, challenge: null, lastUsedAt: now, spent }
}

/** What has to be deleted at Twilio when these factors go. */
export function leftoversOf (factors: ReadonlyArray<VerifiedFactor | UnverifiedFactor>): Leftover[] {
  return factors.flatMap(factor =>
    factor.provider === 'twilio' ? [{ sid: factor.sid, remote: factor.remote, tag: factor.tag }] : [])
}

/** True when both are one factor at Twilio, which compares identities without regard to case. */
export function isSameRemote (one: Remote, other: Remote): boolean {
  const name = ({ serviceSid, identity, sid }: Remote) => [serviceSid, identity, sid].join('/').toLowerCase()
  return name(one) === name(other)
}
