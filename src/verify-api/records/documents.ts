import { MAX_SECONDS } from '../../entity/age.js'
import { dictionary, either, fits, integer, list, misfitOf, oneOf, orNull, record, text, type Fitting } from '../../entity/shape.js'
import { firstRevision, newSid, sidPattern } from '../wire/sid.js'

/** The layout of the documents; another one is refused rather than guessed at. */
const FORMAT = 1

/** Factors of one entity, and creations of factors that are remembered. */
export const MAX_FACTORS = 100
/** Challenges of one entity that are remembered, and creations of challenges of one factor. */
export const MAX_CHALLENGES = 100

const Count = integer(0, Number.MAX_SAFE_INTEGER)
const Seconds = integer(0, MAX_SECONDS)
const Text = text(/^.{0,256}$/su)
const OptionalText = orNull(Text)
const Flag = oneOf(true, false)
const Strings = dictionary(text(), 512)

/** What can be set of a service, under the names of the parameters. */
const SettingsShape = record({
  FriendlyName: Text,
  CodeLength: integer(4, 10),
  LookupEnabled: Flag,
  SkipSmsToLandlines: Flag,
  DtmfInputRequired: Flag,
  TtsName: OptionalText,
  Psd2Enabled: Flag,
  DoNotShareWarningEnabled: Flag,
  CustomCodeEnabled: Flag,
  'Push.IncludeDate': Flag,
  'Push.ApnCredentialSid': OptionalText,
  'Push.FcmCredentialSid': OptionalText,
  'Totp.Issuer': OptionalText,
  'Totp.TimeStep': orNull(integer(20, 60)),
  'Totp.CodeLength': orNull(integer(3, 8)),
  'Totp.Skew': orNull(integer(0, 2)),
  DefaultTemplateSid: OptionalText,
  'Whatsapp.MsgServiceSid': OptionalText,
  'Whatsapp.From': OptionalText,
  'Passkeys.RelyingParty.Id': OptionalText,
  'Passkeys.RelyingParty.Name': OptionalText,
  'Passkeys.RelyingParty.Origins': OptionalText,
  'Passkeys.AuthenticatorAttachment': OptionalText,
  'Passkeys.DiscoverableCredentials': OptionalText,
  'Passkeys.UserVerification': OptionalText,
  VerifyEventSubscriptionEnabled: Flag
})

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
  friendlyName: Text,
  status: oneOf('unverified', 'verified'),
  config: record({
    alg: oneOf('sha1', 'sha256', 'sha512'),
    codeLength: integer(3, 8),
    timeStep: integer(20, 60),
    skew: integer(0, 2)
  }),
  sealed: text(/^.{1,512}$/s),
  metadata: orNull(Strings),
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
  fields: list(record({ label: Text, value: Text }), 20),
  hiddenDetails: orNull(Strings),
  metadata: orNull(Strings),
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

/** What can be set of a service, under the names of the parameters. */
export interface ServiceSettings extends Fitting<typeof SettingsShape> {}

/** A service: what its new factors are made of, and all else that its resource remembers. */
export interface ServiceDocument extends Fitting<typeof ServiceShape> {}

/**
 * A factor. `failures` are the wrong codes while it is unverified; every step that begins before `spentUntil`
 * is spent, whatever the length of a step may have been; `challenged` is when it was challenged lately.
 */
export interface StoredFactor extends Fitting<typeof FactorShape> {}

/** A challenge; it is `pending` until a right code came, also when it has expired since. */
export interface StoredChallenge extends Fitting<typeof ChallengeShape> {}

/**
 * All that is kept about one identity of one service. `serial` numbers factors and challenges in the order of
 * their creation; `created` is when factors were created lately.
 */
export interface EntityDocument extends Fitting<typeof EntityShape> {}

/** What the stand-in keeps in its store. */
export type VerifyDocument = ServiceDocument | EntityDocument

const DocumentShape = either('kind', { service: ServiceShape, entity: EntityShape })

/** Keys begin with the door that a document belongs to, so that none is taken for another. */
export const SERVICES = 'verify:service:'
const ENTITIES = 'verify:entity:'

/** Where a service is kept. */
export function serviceKey (sid: string): string {
  return SERVICES + sid
}

/** What the keys of a service's entities begin with. */
export function entitiesOf (serviceSid: string): string {
  return `${ENTITIES}${serviceSid}:`
}

/** Where an entity is kept; its identity has no case. */
export function entityKey (serviceSid: string, identity: string): string {
  return entitiesOf(serviceSid) + identity.toLowerCase()
}

/** What a store gave for a key, if it is the document of that key. Throws for all else, naming the place. */
export function verifyDocumentOf (key: string, stored: unknown): VerifyDocument {
  if (!fits(DocumentShape, stored)) throw new Error(misfitOf(DocumentShape, stored))
  if (keyOf(stored) !== key) throw new Error('the document is of another key')
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

function keyOf (document: VerifyDocument): string {
  return document.kind === 'service' ? serviceKey(document.sid) : entityKey(document.serviceSid, document.identity)
}
