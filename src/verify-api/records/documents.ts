import { randomInt } from 'node:crypto'
import { MAX_SECONDS } from '../../time/age.js'
import { dictionary, either, fits, integer, list, misfitOf, oneOf, orNull, record, text, type Fitting } from '../../shape.js'
import { newSid, sidPattern } from '../wire/sid.js'
import { SettingsShape, StoredText, type ServiceSettings } from './settings.js'

/** The layout of the documents. We reject any other instead of guessing what it means. */
const FORMAT = 1

/** Factors that an entity may have, and the times of their creation that it keeps. */
export const MAX_FACTORS = 100
/** Challenges that an entity keeps, and the times of its challenges that a factor keeps. */
export const MAX_CHALLENGES = 100

const Count = integer(0, Number.MAX_SAFE_INTEGER)
const Seconds = integer(0, MAX_SECONDS)
const OptionalText = orNull(StoredText)
const StringMap = dictionary(text(), 512)

const ServiceShape = record({
  kind: oneOf('service'),
  format: oneOf(FORMAT),
  revision: Count,
  sid: text(sidPattern('VA')),
  settings: SettingsShape,
  createdAt: Seconds,
  updatedAt: Seconds
})

const FactorShape = record({
  sid: text(sidPattern('YF')),
  serial: Count,
  friendlyName: StoredText,
  status: oneOf('unverified', 'verified'),
  config: record({
    alg: oneOf('sha1', 'sha256', 'sha512'),
    codeLength: integer(3, 8),
    timeStep: integer(20, 60),
    skew: integer(0, 2)
  }),
  sealed: text(/^.{1,512}$/s),
  metadata: orNull(StringMap),
  failures: Count,
  spentUntil: Seconds,
  challenged: list(Seconds, MAX_CHALLENGES),
  createdAt: Seconds,
  updatedAt: Seconds
})

const ChallengeShape = record({
  sid: text(sidPattern('YC')),
  serial: Count,
  factorSid: text(sidPattern('YF')),
  status: oneOf('pending', 'approved'),
  failures: Count,
  message: OptionalText,
  fields: list(record({ label: StoredText, value: StoredText }), 20),
  hiddenDetails: orNull(StringMap),
  metadata: orNull(StringMap),
  createdAt: Seconds,
  updatedAt: Seconds,
  respondedAt: orNull(Seconds),
  expiresAt: Seconds
})

const EntityShape = record({
  kind: oneOf('entity'),
  format: oneOf(FORMAT),
  revision: Count,
  sid: text(sidPattern('YE')),
  serviceSid: text(sidPattern('VA')),
  identity: text(/^[A-Za-z0-9-]{8,64}$/),
  serial: Count,
  created: list(Seconds, MAX_FACTORS),
  factors: list(FactorShape, MAX_FACTORS),
  challenges: list(ChallengeShape, MAX_CHALLENGES),
  createdAt: Seconds
})

/** A service: the settings of its new factors, and those that are only stored and returned. */
export interface ServiceDocument extends Fitting<typeof ServiceShape> {}

/**
 * A factor. `failures` counts the wrong codes while it is unverified. Every step that begins before
 * `spentUntil` is spent, even if the length of a step changes. `challenged` keeps when its last challenges
 * were created.
 */
export interface StoredFactor extends Fitting<typeof FactorShape> {}

/** A challenge. Its status stays `pending` until it is approved, even after it has expired. */
export interface StoredChallenge extends Fitting<typeof ChallengeShape> {}

/**
 * Everything about one identity of a service. `serial` numbers its factors and challenges in the order of
 * their creation. `created` keeps when its last factors were created.
 */
export interface EntityDocument extends Fitting<typeof EntityShape> {}

/** Any document in the store of the stand-in. */
export type VerifyDocument = ServiceDocument | EntityDocument

const DocumentShape = either('kind', { service: ServiceShape, entity: EntityShape })

/** The prefixes keep our keys apart from those of the plugin in a shared store. */
export const SERVICE_KEY_PREFIX = 'verify:service:'
const ENTITY_KEY_PREFIX = 'verify:entity:'

/** The key of a service. */
export function serviceKey (sid: string): string {
  return SERVICE_KEY_PREFIX + sid
}

/** The prefix of the keys of a service's entities. */
export function entityKeyPrefix (serviceSid: string): string {
  return `${ENTITY_KEY_PREFIX}${serviceSid}:`
}

/** The key of an entity, whose identity has no case. */
export function entityKey (serviceSid: string, identity: string): string {
  return entityKeyPrefix(serviceSid) + identity.toLowerCase()
}

/** Checks that a stored value is the document of a key. Throws an error that names the first misfit. */
export function checkedDocument (key: string, stored: unknown): VerifyDocument {
  if (!fits(DocumentShape, stored)) throw new Error(misfitOf(DocumentShape, stored))
  if (keyOf(stored) !== key) throw new Error('the document belongs to another key')
  return stored
}

/** The first document of a service. */
export function newService (sid: string, settings: ServiceSettings, now: number): ServiceDocument {
  return {
    kind: 'service',
    format: FORMAT,
    revision: firstRevision(),
    sid,
    settings,
    createdAt: now,
    updatedAt: now
  }
}

/** The first document of an identity. */
export function newEntity (serviceSid: string, identity: string, now: number): EntityDocument {
  return {
    kind: 'entity',
    format: FORMAT,
    revision: firstRevision(),
    sid: newSid('YE'),
    serviceSid,
    identity,
    serial: 0,
    created: [],
    factors: [],
    challenges: [],
    createdAt: now
  }
}

/**
 * A random number, so that a write that was delayed since before a deletion can't replace the document that
 * was created after it.
 */
function firstRevision (): number {
  return randomInt(2 ** 48 - 1)
}

function keyOf (document: VerifyDocument): string {
  return document.kind === 'service' ? serviceKey(document.sid) : entityKey(document.serviceSid, document.identity)
}
