import { randomBytes, randomInt } from 'node:crypto'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { MAX_SECONDS } from './age.js'
import { FRIENDLY_NAME_PATTERN } from './friendly-name.js'

/** The layout of the document; another one is refused rather than guessed at. */
const FORMAT = 1

/** Verified factors of one identity, whatever `maxFactors` says. */
export const MAX_FACTORS = 10

/** Marks that a session had before its present one, as far as they are remembered. */
export const MAX_LINE = 8

/** Challenges that one factor may have at Twilio within a day, and so the codes that can have been right. */
export const MAX_CREATED = 100

/** Attempts at a remote provider that are under way. */
export const MAX_ASKED = 64

/** Removed factors that the remote provider still has. */
export const MAX_LEFTOVERS = 64

/** Approvals of one identity, and marks that were taken away; the oldest go first. */
export const MAX_SESSIONS = 64

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Seconds = Type.Integer({ minimum: 0, maximum: MAX_SECONDS })
const ChallengeSid = Type.String({ pattern: '^YC[0-9a-fA-F]{32}$' })
const FactorSid = Type.String({ pattern: '^YF[0-9a-f]{32}$' })
const MarkHash = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
const Digest = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })

const ConfigSchema = strict({
  alg: Type.Union([Type.Literal('sha1'), Type.Literal('sha256'), Type.Literal('sha512')]),
  codeLength: Type.Integer({ minimum: 6, maximum: 8 }),
  timeStep: Type.Integer({ minimum: 15, maximum: 120 }),
  skew: Type.Integer({ minimum: 0, maximum: 1 })
})

const enrolled = {
  sid: FactorSid,
  friendlyName: Type.String({ pattern: FRIENDLY_NAME_PATTERN }),
  config: ConfigSchema,
  createdAt: Seconds
}

const embedded = {
  ...enrolled,
  provider: Type.Literal('embedded'),
  sealed: Type.String({ minLength: 1, maxLength: 512 })
}

/**
 * Everything of it becomes part of a path: the patterns are Twilio's, and let nothing through that isn't a
 * name.
 */
const RemoteSchema = strict({
  serviceSid: Type.String({ pattern: '^VA[0-9a-fA-F]{32}$' }),
  identity: Type.String({ pattern: '^[A-Za-z0-9-]{8,64}$' }),
  sid: Type.String({ pattern: '^YF[0-9a-fA-F]{32}$' })
})

const twilio = {
  ...enrolled,
  provider: Type.Literal('twilio'),
  remote: RemoteSchema,
  tag: Digest
}

const verified = { verifiedAt: Seconds, lastUsedAt: Seconds }
const unverified = { hash: orNull(MarkHash), generation: Count, failures: Count }

const EmbeddedFactorSchema = strict({ ...embedded, ...verified, lastStep: Count })

const TwilioFactorSchema = strict({
  ...twilio,
  ...verified,
  spent: Type.Array(strict({ digest: Digest, at: Seconds }), { maxItems: MAX_CREATED }),
  challenge: orNull(strict({ sid: ChallengeSid, tries: Count, at: Seconds })),
  created: Type.Array(Seconds, { maxItems: MAX_CREATED })
})

const UnverifiedEmbeddedSchema = strict({ ...embedded, ...unverified })
const UnverifiedTwilioSchema = strict({ ...twilio, ...unverified, askedAt: orNull(Seconds) })

const LeftoverSchema = strict({ sid: FactorSid, remote: RemoteSchema, tag: Digest })

const ReservationSchema = strict({
  id: Type.String({ pattern: '^[A-Za-z0-9_-]{16}$' }),
  factorSid: FactorSid,
  digest: Digest,
  at: Seconds
})

const AttemptsSchema = strict({
  failures: Count,
  unknown: Count,
  asked: Type.Array(ReservationSchema, { maxItems: MAX_ASKED }),
  lockedAt: orNull(Seconds),
  tally: Count,
  tallyAt: Seconds,
  disabledAt: orNull(Seconds)
})

const ApprovalSchema = strict({
  hash: MarkHash,
  line: Type.Array(MarkHash, { maxItems: MAX_LINE }),
  factorSid: FactorSid,
  at: Seconds,
  generation: Count
})

const EntitySchema = strict({
  format: Type.Literal(FORMAT),
  revision: Count,
  generation: Count,
  identity: Type.String(),
  sid: Type.String({ pattern: '^YE[0-9a-f]{32}$' }),
  factors: Type.Array(Type.Union([EmbeddedFactorSchema, TwilioFactorSchema]), { maxItems: MAX_FACTORS }),
  unverified: Type.Union([UnverifiedEmbeddedSchema, UnverifiedTwilioSchema, Type.Null()]),
  attempts: AttemptsSchema,
  approvals: Type.Array(ApprovalSchema, { maxItems: MAX_SESSIONS }),
  ended: Type.Array(strict({ hash: MarkHash, at: Seconds }), { maxItems: MAX_SESSIONS }),
  leftovers: Type.Array(LeftoverSchema, { maxItems: MAX_LEFTOVERS })
})

/** Where Twilio keeps a factor; its `tag` ties that to the identity, as a seal does with a secret. */
export interface Remote extends DeepReadonly<Static<typeof RemoteSchema>> {}

/** A factor that has given a right code; `lastStep` is the highest step that was burnt. */
export interface EmbeddedFactor extends DeepReadonly<Static<typeof EmbeddedFactorSchema>> {}

/**
 * A factor at Twilio that has given a right code: digests of its `spent` codes, the `challenge` that a wrong
 * code left pending, and when challenges were `created`.
 */
export interface TwilioFactor extends DeepReadonly<Static<typeof TwilioFactorSchema>> {}

/** A factor that has given a right code. */
export type VerifiedFactor = EmbeddedFactor | TwilioFactor

/**
 * A factor that has not given a right code yet. `hash` is of the mark of the session that enrolled it, null
 * when an operator did; `failures` are the wrong codes for it.
 */
export interface UnverifiedEmbedded extends DeepReadonly<Static<typeof UnverifiedEmbeddedSchema>> {}

/**
 * The same at Twilio; `askedAt` is set from before Twilio is asked about a code until the answer is known.
 */
export interface UnverifiedTwilio extends DeepReadonly<Static<typeof UnverifiedTwilioSchema>> {}

/** A factor that has not given a right code yet. */
export type UnverifiedFactor = UnverifiedEmbedded | UnverifiedTwilio

/** An attempt that was counted before a remote provider was asked about its code. */
export interface Reservation extends DeepReadonly<Static<typeof ReservationSchema>> {}

/** A removed factor that the remote provider still has. */
export interface Leftover extends DeepReadonly<Static<typeof LeftoverSchema>> {}

/**
 * Wrong codes of an identity: `failures` since the last right one; attempts whose outcome is `unknown`, and
 * those that a remote provider is `asked` about now; `tally` of all wrong ones, draining since `tallyAt`;
 * when the present lock began, and when a cap was reached.
 */
export interface Attempts extends DeepReadonly<Static<typeof AttemptsSchema>> {}

/**
 * An approved challenge, for the session whose mark has this hash; `line` has the hashes of the marks that
 * the session had before, the last one last.
 */
export interface StoredApproval extends DeepReadonly<Static<typeof ApprovalSchema>> {}

/** All that is kept about one identity. */
export interface Entity extends DeepReadonly<Static<typeof EntitySchema>> {}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

const ajv = new Ajv({ strict: true })
const fits = ajv.compile<Entity>(EntitySchema)

/** What is no entity of an identity; the message names the place, and quotes nothing. */
export class UnfitError extends Error {
  override readonly name = 'UnfitError'
}

/**
 * What a store gave for `identity`, if it is an entity of that identity. Throws `UnfitError` for all else.
 */
export function entityOf (identity: string, stored: unknown): Entity {
  if (!fits(stored)) {
    throw new UnfitError(
      `the document does not fit its schema: ${ajv.errorsText(fits.errors, { dataVar: 'document' })}`)
  }
  if (stored.identity !== identity) throw new UnfitError('the document is of another identity')
  if (new Set(sidsOf(stored)).size !== sidsOf(stored).length) throw new UnfitError('the document has a factor twice')
  return stored
}

/**
 * The entity of an identity that had none. Revision and generation start at random, so that neither a write
 * that stalled since before a deletion, nor an approval of that time, fits the new document.
 */
export function newEntity (identity: string, now: number): Entity {
  return {
    format: FORMAT,
    revision: randomInt(2 ** 48 - 1),
    generation: randomInt(2 ** 48 - 1),
    identity,
    sid: newSid('YE'),
    factors: [],
    unverified: null,
    attempts: noAttempts(now),
    approvals: [],
    ended: [],
    leftovers: []
  }
}

/** No wrong code yet. */
export function noAttempts (now: number): Attempts {
  return { failures: 0, unknown: 0, asked: [], lockedAt: null, tally: 0, tallyAt: now, disabledAt: null }
}

/** A new identifier in Twilio's form: two letters for the kind, 128 random bits. */
export function newSid (kind: 'YE' | 'YF'): string {
  return kind + randomBytes(16).toString('hex')
}

function sidsOf ({ factors, unverified }: Entity): string[] {
  return [...factors, ...(unverified === null ? [] : [unverified])].map(({ sid }) => sid)
}

function strict<T extends Record<string, TSchema>> (properties: T) {
  return Type.Object(properties, { additionalProperties: false })
}

function orNull<T extends TSchema> (schema: T) {
  return Type.Union([schema, Type.Null()])
}
