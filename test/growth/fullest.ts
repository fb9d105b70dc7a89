import {
  MAX_BROWSERS, MAX_CREATED, MAX_FACTORS, MAX_FORMER_MARKS, MAX_LEFTOVERS, MAX_PENDING, MAX_RECOVERY_CODES,
  MAX_SESSIONS, newEntity, newSid, type Entity, type Leftover, type UnverifiedFactor, type VerifiedFactor
} from '../../src/entity/entity.js'
import { LONGEST_PASS } from '../../src/entity/recovery-codes.js'

/** The identity of all documents here: the longest one possible. */
export const IDENTITY = 'i'.repeat(256)
/** As long as a friendly name may be; of ASCII, because a document with an emoji takes twice the time. */
export const NAME = 'n'.repeat(64)

const AT = 1_800_000_000
const HASH = 'h'.repeat(43)
const REMOTE = { serviceSid: `VA${'0'.repeat(32)}`, identity: newSid('YE'), sid: newSid('YF') }
const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const BROWSER = {
  sid: newSid('YB'), hash: HASH, name: 'Samsung Internet on ChromeOS', approval: HASH, at: AT, generation: 2 ** 48
}
const ENROLLED = { sid: newSid('YF'), friendlyName: NAME, config: CONFIG, createdAt: AT }
const VERIFIED = { verifiedAt: AT, lastUsedAt: AT }
const UNVERIFIED = { hash: HASH, generation: 2 ** 48, failures: 5 }

/** The largest document that embedded factors can make, by the caps. `sealed` is as long as a seal is. */
export function fullestEmbedded (sealed: string): Entity {
  const embedded = { provider: 'embedded', sealed, ...ENROLLED } as const
  return fullest({ ...embedded, ...VERIFIED, lastStep: AT / 30 }, { ...embedded, ...UNVERIFIED })
}

/** The largest document that factors at Twilio can make, by the caps. */
export function fullestTwilio (): Entity {
  const leftover: Leftover = { sid: ENROLLED.sid, remote: REMOTE, tag: HASH }
  const twilio = { provider: 'twilio', ...ENROLLED, ...leftover } as const
  const document = fullest({
    ...twilio,
    ...VERIFIED,
    spent: times(MAX_CREATED, { digest: HASH, at: AT }),
    challenge: { sid: `YC${'0'.repeat(32)}`, tries: 5, at: AT },
    created: times(MAX_CREATED, AT)
  }, { ...twilio, ...UNVERIFIED, askedAt: AT })
  const pending = times(MAX_PENDING, { id: 'i'.repeat(16), factorSid: ENROLLED.sid, digest: HASH, at: AT })
  const leftovers = times(MAX_LEFTOVERS, leftover)
  return { ...document, attempts: { ...document.attempts, pending }, leftovers }
}

/** The document once everything in it that can expire has expired. */
export function withoutPast (document: Entity): Entity {
  return {
    ...document,
    factors: document.factors.map(factor => factor.provider === 'embedded'
      ? factor
      // The codes of one moment stay spent, whatever the clock says, and so does the last challenge.
      : { ...factor, spent: factor.spent.slice(0, 6), created: factor.created.slice(0, 2) }),
    unverified: null,
    attempts: { ...document.attempts, pending: [] },
    approvals: [],
    withdrawn: [],
    pass: null,
    browsers: [],
    leftovers: []
  }
}

function fullest (factor: VerifiedFactor, unverified: UnverifiedFactor): Entity {
  const formerMarks = times(MAX_FORMER_MARKS, HASH)
  const proof = { hash: HASH, formerMarks, method: 'totp', factorSid: factor.sid } as const
  const approval = { ...proof, at: AT, generation: 2 ** 48 }
  return {
    ...newEntity(IDENTITY, AT),
    revision: 2 ** 48,
    generation: 2 ** 48,
    factors: times(MAX_FACTORS, factor),
    unverified,
    attempts: {
      failures: 100, unknown: 10_000, pending: [], lockedAt: AT, tally: 100, tallyAt: AT, disabledAt: AT
    },
    approvals: times(MAX_SESSIONS, approval),
    withdrawn: times(MAX_SESSIONS, { hash: HASH, at: AT }),
    recoveryCodes: times(MAX_RECOVERY_CODES, HASH),
    // JSON has no longer spelling of a character.
    pass: { hash: HASH, by: '\u0001'.repeat(256), at: AT, life: LONGEST_PASS, generation: 2 ** 48 },
    browsers: times(MAX_BROWSERS, BROWSER),
    leftovers: []
  }
}

function times<T> (count: number, each: T): T[] {
  return Array.from({ length: count }, () => each)
}
