import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { MAX_SECONDS } from '../entity/age.js'
import { firstRevision, newSid, sidPattern } from './sid.js'

/** The layout of the documents; another one is refused rather than guessed at. */
const FORMAT = 1

/** Factors of one entity, and creations of factors that are remembered. */
export const MAX_FACTORS = 100
/** Challenges of one entity that are remembered, and creations of challenges of one factor. */
export const MAX_CHALLENGES = 100

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Seconds = Type.Integer({ minimum: 0, maximum: MAX_SECONDS })
const Text = Type.String({ maxLength: 256 })
const OptionalText = orNull(Text)
const Strings = Type.Record(Type.String(), Type.String(), { maxProperties: 512 })

/** What can be set of a service, under the names of the parameters. */
const SettingsSchema = strict({
  FriendlyName: Text,
  CodeLength: Type.Integer({ minimum: 4, maximum: 10 }),
  LookupEnabled: Type.Boolean(),
  SkipSmsToLandlines: Type.Boolean(),
  DtmfInputRequired: Type.Boolean(),
  TtsName: OptionalText,
  Psd2Enabled: Type.Boolean(),
  DoNotShareWarningEnabled: Type.Boolean(),
  CustomCodeEnabled: Type.Boolean(),
  'Push.IncludeDate': Type.Boolean(),
  'Push.ApnCredentialSid': OptionalText,
  'Push.FcmCredentialSid': OptionalText,
  'Totp.Issuer': OptionalText,
  'Totp.TimeStep': orNull(Type.Integer({ minimum: 20, maximum: 60 })),
  'Totp.CodeLength': orNull(Type.Integer({ minimum: 3, maximum: 8 })),
  'Totp.Skew': orNull(Type.Integer({ minimum: 0, maximum: 2 })),
  DefaultTemplateSid: OptionalText,
  'Whatsapp.MsgServiceSid': OptionalText,
  'Whatsapp.From': OptionalText,
  'Passkeys.RelyingParty.Id': OptionalText,
  'Passkeys.RelyingParty.Name': OptionalText,
  'Passkeys.RelyingParty.Origins': OptionalText,
  'Passkeys.AuthenticatorAttachment': OptionalText,
  'Passkeys.DiscoverableCredentials': OptionalText,
  'Passkeys.UserVerification': OptionalText,
  VerifyEventSubscriptionEnabled: Type.Boolean()
})

const ServiceSchema = strict({
  kind: Type.Literal('service'),
  format: Type.Literal(FORMAT),
  revision: Count,
  sid: Type.String({ pattern: sidPattern('VA') }),
  settings: SettingsSchema,
  createdAt: Seconds,
  updatedAt: Seconds
})

const FactorSchema = strict({
  sid: Type.String({ pattern: sidPattern('YF') }),
  serial: Count,
  friendlyName: Text,
  status: Type.Union([Type.Literal('unverified'), Type.Literal('verified')]),
  config: strict({
    alg: Type.Union([Type.Literal('sha1'), Type.Literal('sha256'), Type.Literal('sha512')]),
    codeLength: Type.Integer({ minimum: 3, maximum: 8 }),
    timeStep: Type.Integer({ minimum: 20, maximum: 60 }),
    skew: Type.Integer({ minimum: 0, maximum: 2 })
  }),
  sealed: Type.String({ minLength: 1, maxLength: 512 }),
  metadata: orNull(Strings),
  failures: Count,
  spentUntil: Seconds,
  challenged: Type.Array(Seconds, { maxItems: MAX_CHALLENGES }),
  createdAt: Seconds,
  updatedAt: Seconds
})

const ChallengeSchema = strict({
  sid: Type.String({ pattern: sidPattern('YC') }),
  serial: Count,
  factorSid: Type.String({ pattern: sidPattern('YF') }),
  status: Type.Union([Type.Literal('pending'), Type.Literal('approved')]),
  failures: Count,
  message: OptionalText,
  fields: Type.Array(strict({ label: Text, value: Text }), { maxItems: 20 }),
  hiddenDetails: orNull(Strings),
  metadata: orNull(Strings),
  createdAt: Seconds,
  updatedAt: Seconds,
  respondedAt: orNull(Seconds),
  expiresAt: Seconds
})

const EntitySchema = strict({
  kind: Type.Literal('entity'),
  format: Type.Literal(FORMAT),
  revision: Count,
  sid: Type.String({ pattern: sidPattern('YE') }),
  serviceSid: Type.String({ pattern: sidPattern('VA') }),
  identity: Type.String({ pattern: '^[A-Za-z0-9-]{8,64}$' }),
  serial: Count,
  created: Type.Array(Seconds, { maxItems: MAX_FACTORS }),
  factors: Type.Array(FactorSchema, { maxItems: MAX_FACTORS }),
  challenges: Type.Array(ChallengeSchema, { maxItems: MAX_CHALLENGES }),
  createdAt: Seconds
})

/** What can be set of a service, under the names of the parameters. */
export interface ServiceSettings extends DeepReadonly<Static<typeof SettingsSchema>> {}

/** A service: what its new factors are made of, and all else that its resource remembers. */
export interface ServiceDocument extends DeepReadonly<Static<typeof ServiceSchema>> {}

/**
 * A factor. `failures` are the wrong codes while it is unverified; every step that begins before `spentUntil`
 * is spent, whatever the length of a step may have been; `challenged` is when it was challenged lately.
 */
export interface StoredFactor extends DeepReadonly<Static<typeof FactorSchema>> {}

/** A challenge; it is `pending` until a right code came, also when it has expired since. */
export interface StoredChallenge extends DeepReadonly<Static<typeof ChallengeSchema>> {}

/**
 * All that is kept about one identity of one service. `serial` numbers factors and challenges in the order of
 * their creation; `created` is when factors were created lately.
 */
export interface EntityDocument extends DeepReadonly<Static<typeof EntitySchema>> {}

/** What the stand-in keeps in its store. */
export type VerifyDocument = ServiceDocument | EntityDocument

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

const ajv = new Ajv({ strict: true })
const fits = {
  service: ajv.compile<ServiceDocument>(ServiceSchema),
  entity: ajv.compile<EntityDocument>(EntitySchema)
}

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
  const kind = key.startsWith(SERVICES) ? 'service' : 'entity'
  const check = fits[kind]
  if (!check(stored)) {
    throw new Error(`the document does not fit its schema: ${ajv.errorsText(check.errors, { dataVar: 'document' })}`)
  }
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

function strict<T extends Record<string, TSchema>> (properties: T) {
  return Type.Object(properties, { additionalProperties: false })
}

function orNull<T extends TSchema> (schema: T) {
  return Type.Union([schema, Type.Null()])
}
