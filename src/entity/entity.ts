import { randomBytes, randomInt } from 'node:crypto'
import { MAX_SECONDS } from '../time/age.js'
import { STORED_NAME_PATTERN } from './friendly-name.js'
import { either, fits, integer, list, misfitOf, oneOf, orNull, record, text, type Fitting } from '../shape.js'

/** Version of the document's layout. Other versions are refused. */
const FORMAT = 1

/** Verified factors of one identity, whatever `maxFactors` says. */
export const MAX_FACTORS = 10

/** Enrollments that sessions of one identity may begin within ten minutes. */
export const MAX_ENROLLMENTS = 5

/** Former marks that are kept of a session; the oldest go first. */
export const MAX_FORMER_MARKS = 8

/** Challenges that one factor may have at Twilio within a day, and so the most codes that were right. */
export const MAX_CREATED = 100

/** Pending attempts at a remote provider. */
export const MAX_PENDING = 64

/** Removed factors that the remote provider still has. */
export const MAX_LEFTOVERS = 64

/** Approvals of one identity, and withdrawn marks; the oldest go first. */
export const MAX_SESSIONS = 64

const Count = integer(0, Number.MAX_SAFE_INTEGER)
const Seconds = integer(0, MAX_SECONDS)
const FactorSid = text(/^YF[0-9a-f]{32}$/)
/** Recovery codes that a set may have, whatever the option says. */
export const MAX_RECOVERY_CODES = 16

/** Remembered browsers of one identity; the oldest go first. */
export const MAX_BROWSERS = 16

const MarkHash = text(/^[A-Za-z0-9_-]{43}$/)
const Digest = text(/^[A-Za-z0-9_-]{43}$/)

const ConfigShape = record({
  alg: oneOf('sha1', 'sha256', 'sha512'),
  codeLength: integer(6, 8),
  timeStep: integer(15, 120),
  skew: integer(0, 1)
})

const enrolled = {
  sid: FactorSid,
  friendlyName: text(new RegExp(STORED_NAME_PATTERN, 'u')),
  config: ConfigShape,
  createdAt: Seconds
}

const embedded = {
  ...enrolled,
  provider: oneOf('embedded'),
  sealed: text(/^.{1,512}$/s)
}

/**
 * Each value becomes part of a URL's path: the patterns are Twilio's, and admit nothing that isn't a name.
 */
const RemoteShape = record({
  serviceSid: text(/^VA[0-9a-fA-F]{32}$/),
  identity: text(/^[A-Za-z0-9-]{8,64}$/),
  sid: text(/^YF[0-9a-fA-F]{32}$/)
})

const twilio = {
  ...enrolled,
  provider: oneOf('twilio'),
  remote: RemoteShape,
  tag: Digest
}

const verified = { verifiedAt: Seconds, lastUsedAt: Seconds }
const unverified = { hash: orNull(MarkHash), generation: Count, failures: Count }

const EmbeddedFactorShape = record({ ...embedded, ...verified, lastStep: Count })

const TwilioFactorShape = record({
  ...twilio,
  ...verified,
  spent: list(record({ digest: Digest, at: Seconds }), MAX_CREATED),
  challenge: orNull(record({ sid: text(/^YC[0-9a-fA-F]{32}$/), tries: Count, at: Seconds })),
  created: list(Seconds, MAX_CREATED)
})

const UnverifiedEmbeddedShape = record({ ...embedded, ...unverified })
const UnverifiedTwilioShape = record({ ...twilio, ...unverified, askedAt: orNull(Seconds) })

const LeftoverShape = record({ sid: FactorSid, remote: RemoteShape, tag: Digest })

const ReservationShape = record({
  id: text(/^[A-Za-z0-9_-]{16}$/),
  factorSid: FactorSid,
  digest: Digest,
  at: Seconds
})

const AttemptsShape = record({
  failures: Count,
  unknown: Count,
  pending: list(ReservationShape, MAX_PENDING),
  lockedAt: orNull(Seconds),
  tally: Count,
  tallyAt: Seconds,
  disabledAt: orNull(Seconds)
})

const approval = {
  hash: MarkHash,
  formerMarks: list(MarkHash, MAX_FORMER_MARKS),
  at: Seconds,
  generation: Count
}

const ApprovalShape = either('method', {
  totp: record({ ...approval, method: oneOf('totp'), factorSid: FactorSid }),
  recovery: record({ ...approval, method: oneOf('recovery') }),
  pass: record({ ...approval, method: oneOf('pass') })
})

const PassShape = record({ hash: Digest, by: text(/^[^\0\p{Cs}]{1,256}$/su), at: Seconds, life: Seconds, generation: Count })

const BrowserShape = record({
  sid: text(/^YB[0-9a-f]{32}$/),
  hash: Digest,
  name: text(/^[A-Za-z]+(?: [A-Za-z]+){0,4}$/),
  approval: MarkHash,
  at: Seconds,
  generation: Count
})

const EntityShape = record({
  format: oneOf(FORMAT),
  revision: Count,
  generation: Count,
  identity: text(),
  movingTo: orNull(text(/^[^\0]{1,256}$/s)),
  sid: text(/^YE[0-9a-f]{32}$/),
  factors: list(either('provider', { embedded: EmbeddedFactorShape, twilio: TwilioFactorShape }), MAX_FACTORS),
  unverified: orNull(either('provider', { embedded: UnverifiedEmbeddedShape, twilio: UnverifiedTwilioShape })),
  enrolledAt: list(Seconds, MAX_ENROLLMENTS),
  attempts: AttemptsShape,
  approvals: list(ApprovalShape, MAX_SESSIONS),
  withdrawn: list(record({ hash: MarkHash, at: Seconds }), MAX_SESSIONS),
  recoveryCodes: list(Digest, MAX_RECOVERY_CODES),
  pass: orNull(PassShape),
  browsers: list(BrowserShape, MAX_BROWSERS),
  leftovers: list(LeftoverShape, MAX_LEFTOVERS)
})

/** Where Twilio keeps a factor. The factor's `tag` ties this to the identity, as a seal does a secret. */
export interface Remote extends Fitting<typeof RemoteShape> {}

/** A factor that has given a right code. `lastStep` is the highest step that was spent. */
export interface EmbeddedFactor extends Fitting<typeof EmbeddedFactorShape> {}

/**
 * A factor at Twilio that has given a right code. `spent` has the digests of its spent codes, `challenge` is
 * the one that a wrong code left pending, and `created` has the times at which challenges were created.
 */
export interface TwilioFactor extends Fitting<typeof TwilioFactorShape> {}

/** A factor that has given a right code. */
export type VerifiedFactor = EmbeddedFactor | TwilioFactor

/**
 * A factor that hasn't given a right code yet. `hash` is the hash of the mark of the session that enrolled
 * it, null when an operator did. `failures` counts its wrong codes.
 */
export interface UnverifiedEmbedded extends Fitting<typeof UnverifiedEmbeddedShape> {}

/** The same at Twilio. `askedAt` is set before Twilio is asked about a code, until its answer is recorded. */
export interface UnverifiedTwilio extends Fitting<typeof UnverifiedTwilioShape> {}

/** A factor that hasn't given a right code yet. */
export type UnverifiedFactor = UnverifiedEmbedded | UnverifiedTwilio

/** An attempt, counted before a remote provider is asked about its code. */
export interface Reservation extends Fitting<typeof ReservationShape> {}

/** A removed factor that the remote provider still has. */
export interface Leftover extends Fitting<typeof LeftoverShape> {}

/**
 * Attempts of an identity. Since the last right code: `failures` counts the wrong codes, `unknown` the
 * attempts whose outcome was never learned, and `pending` has those that a remote provider is judging now.
 * `tally` counts all wrong codes and has been draining since `tallyAt`. `lockedAt` is when the present lock
 * began, `disabledAt` when a cap was reached.
 */
export interface Attempts extends Fitting<typeof AttemptsShape> {}

/**
 * An approved challenge, for the session whose mark has this hash. `formerMarks` has the hashes of the marks
 * that the session had before, the latest one last.
 */
export type StoredApproval = Fitting<typeof ApprovalShape>

/**
 * A single-use code that an operator issued: its hash, who issued it, and the seconds of its life. It belongs
 * to the generation in which it was created.
 */
export interface Pass extends Fitting<typeof PassShape> {}

/**
 * A browser that passes the guard without a challenge: the hash of its token, when the challenge was approved
 * that created it, and the hash of the mark of that approval. It belongs to the generation of that challenge.
 */
export interface StoredBrowser extends Fitting<typeof BrowserShape> {}

/**
 * Everything that is kept about one identity. `movingTo` is the identity that it is being moved to, or its
 * own once it is there: every use of the entity is refused until that is done. `withdrawn` has the hashes of
 * marks whose approval was withdrawn; `recoveryCodes` the hashes of those that are left; `leftovers` has the
 * removed factors that Twilio still has.
 */
export interface Entity extends Fitting<typeof EntityShape> {}

/** A document is not an entity, or not of this identity. The message names the place and quotes nothing. */
export class UnfitError extends Error {
  override readonly name = 'UnfitError'
}

/**
 * The document that a store returned for `identity`, once it is checked. Throws `UnfitError` if it doesn't
 * fit.
 */
export function entityOf (identity: string, stored: unknown): Entity {
  if (!fits<Entity>(EntityShape, stored)) throw new UnfitError(misfitOf(EntityShape, stored))
  if (stored.identity !== identity) throw new UnfitError('the document belongs to another identity')
  if (hasFactorTwice(stored)) throw new UnfitError('the document has a factor twice')
  return stored
}

/**
 * The entity of an identity that had none. Revision and generation start at random, so a write that stalled
 * since before a deletion doesn't fit the new document, and neither does an approval of that time.
 */
export function newEntity (identity: string, now: number): Entity {
  return {
    format: FORMAT,
    revision: randomInt(2 ** 48 - 1),
    generation: randomInt(2 ** 48 - 1),
    identity,
    movingTo: null,
    sid: newSid('YE'),
    factors: [],
    unverified: null,
    enrolledAt: [],
    attempts: noAttempts(now),
    approvals: [],
    withdrawn: [],
    recoveryCodes: [],
    pass: null,
    browsers: [],
    leftovers: []
  }
}

/** The attempts of an identity that has made none. */
export function noAttempts (now: number): Attempts {
  return { failures: 0, unknown: 0, pending: [], lockedAt: null, tally: 0, tallyAt: now, disabledAt: null }
}

/** A new identifier in Twilio's form: two letters for the kind, 128 random bits. */
export function newSid (kind: 'YE' | 'YF' | 'YB'): string {
  return kind + randomBytes(16).toString('hex')
}

function hasFactorTwice ({ factors, unverified }: Entity): boolean {
  return factors.some(({ sid }, place) =>
    sid === unverified?.sid || factors.some((other, elsewhere) => elsewhere > place && other.sid === sid))
}
