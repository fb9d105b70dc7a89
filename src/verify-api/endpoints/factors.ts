import { decodeSecret } from '../../otp/secret.js'
import type { TotpConfig } from '../../otp/totp.js'
import type { Keyring } from '../../seal.js'
import type { Change } from '../../stores/documents.js'
import { bind, burnt, holds, seal, type Owner } from '../records/secret.js'
import { MAX_FACTORS, newEntity, type EntityDocument, type ServiceDocument, type StoredFactor } from '../records/documents.js'
import {
  changeEntityIn, entityIn, IDENTITY_RULE, isIdentity, putEntity, serviceIn, sidIn, type Answer, type Call,
  type Endpoint
} from './endpoint.js'
import type { Form } from '../wire/form.js'
import { ofSerials, page } from '../wire/paging.js'
import { code, integer, oneOf, required, strings, text, type Reader } from '../wire/parameters.js'
import { found } from '../records/records.js'
import { refusal } from '../wire/refusal.js'
import { urls, wireFactor, wireNewFactor } from './resources.js'
import { newSid } from '../wire/sid.js'

/** Wrong codes that an unverified factor may be given. */
const ATTEMPTS = 5

const FACTORS = '/v2/Services/:service/Entities/:identity/Factors'

/** The operations on factors. */
export const factors: readonly Endpoint[] = [
  { method: 'POST', path: FACTORS, handle: create },
  { method: 'GET', path: FACTORS, handle: list },
  { method: 'GET', path: `${FACTORS}/:factor`, handle: fetch },
  { method: 'POST', path: `${FACTORS}/:factor`, handle: update },
  { method: 'DELETE', path: `${FACTORS}/:factor`, handle: remove }
]

const friendlyName = text(64)
const factorType = oneOf(['totp', 'push', 'passkeys'])

const secret: Reader<Buffer> = (form, name) => {
  const value = form.one(name)
  try {
    return value === undefined ? undefined : decodeSecret(value)
  } catch {
    throw form.invalid(name, 'must be base32 of 16 to 128 random bytes')
  }
}

/** What a factor is to be made of, as far as a form says. */
function configIn (form: Form): Partial<TotpConfig> {
  const [alg, codeLength, timeStep, skew] = [
    oneOf(['sha1', 'sha256', 'sha512'])(form, 'Config.Alg'),
    integer(3, 8)(form, 'Config.CodeLength'),
    integer(20, 60)(form, 'Config.TimeStep'),
    integer(0, 2)(form, 'Config.Skew')
  ]
  return {
    ...(alg === undefined ? {} : { alg }),
    ...(codeLength === undefined ? {} : { codeLength }),
    ...(timeStep === undefined ? {} : { timeStep }),
    ...(skew === undefined ? {} : { skew })
  }
}

/** What the factors of a service are made of, unless they say otherwise. */
function defaultConfig ({ settings }: ServiceDocument): TotpConfig {
  return {
    alg: 'sha1',
    codeLength: settings['Totp.CodeLength'] ?? 6,
    timeStep: settings['Totp.TimeStep'] ?? 30,
    skew: settings['Totp.Skew'] ?? 1
  }
}

/** An entity comes into being with its first factor. */
async function create (call: Call): Promise<Answer> {
  const { keyring, place, form, params: { identity = '' } } = call
  const service = await serviceIn(call)
  if (!isIdentity(identity)) throw form.invalid('Identity', IDENTITY_RULE)
  const name = required(form, 'FriendlyName', friendlyName)
  if (required(form, 'FactorType', factorType) !== 'totp') throw refusal(60204)
  const config = { ...defaultConfig(service), ...configIn(form) }
  const imported = secret(form, 'Binding.Secret')
  const metadata = strings(form, 'Metadata') ?? null
  const issuer = service.settings['Totp.Issuer'] ?? service.settings.FriendlyName
  const { bytes, binding } = bind(imported, issuer, name, config)
  const sid = newSid('YF')

  const body = await putEntity(call, service.sid, identity, (kept, now) => {
    const entity = kept ?? newEntity(service.sid, identity, now)
    requireRoom(entity)
    if (imported !== undefined && entity.factors.some(factor => holds(keyring, entity, factor, imported))) {
      throw refusal(60317)
    }
    const sealed = seal(keyring, entity, sid, bytes)
    const { next, factor } = withNewFactor(entity, { sid, friendlyName: name, config, sealed, metadata }, now)
    return { next, answer: wireNewFactor(place, next, factor, binding) }
  })
  return { status: 201, body }
}

function requireRoom ({ factors, created }: EntityDocument): void {
  if (factors.length >= MAX_FACTORS) throw refusal(60315)
  if (created.length >= MAX_FACTORS) throw refusal(60326)
}

function withNewFactor (
  entity: EntityDocument,
  made: Pick<StoredFactor, 'sid' | 'friendlyName' | 'config' | 'sealed' | 'metadata'>,
  now: number
): { readonly next: EntityDocument, readonly factor: StoredFactor } {
  const serial = entity.serial + 1
  const factor: StoredFactor = {
    ...made,
    serial,
    status: 'unverified',
    failures: 0,
    spentUntil: 0,
    challenged: [],
    createdAt: now,
    updatedAt: now
  }
  const [created, factors] = [[...entity.created, now], [...entity.factors, factor]]
  return { next: { ...entity, serial, created, factors }, factor }
}

async function list (call: Call): Promise<Answer> {
  const { place, query } = call
  const { entity } = await entityIn(call)
  const body = await page({
    key: 'factors',
    ...ofSerials(entity.factors),
    shown: factor => wireFactor(place, entity, factor)
  }, urls.factors(place, entity), query)
  return { status: 200, body }
}

async function fetch (call: Call): Promise<Answer> {
  const { entity } = await entityIn(call)
  return { status: 200, body: wireFactor(call.place, entity, factorOf(entity, sidIn(call, 'factor', 'YF'))) }
}

async function update (call: Call): Promise<Answer> {
  const { keyring, place, form } = call
  const sid = sidIn(call, 'factor', 'YF')
  const typed = code(form, 'AuthPayload')
  const name = friendlyName(form, 'FriendlyName')
  const config = configIn(form)

  const body = await changeEntityIn(call, (entity, now): Change<EntityDocument, object> => {
    const factor = factorOf(entity, sid)
    const changed: StoredFactor = {
      ...factor,
      friendlyName: name ?? factor.friendlyName,
      config: { ...factor.config, ...config },
      updatedAt: now
    }
    const judged = typed === undefined ? changed : verified(keyring, entity, changed, typed, now)
    return { next: withFactor(entity, judged), answer: wireFactor(place, entity, judged) }
  })
  return { status: 200, body }
}

/** The factor after its first code, right or wrong. A verified one answers challenges, and no code here. */
function verified (
  keyring: Keyring, owner: Owner, factor: StoredFactor, typed: string, now: number
): StoredFactor {
  if (factor.status === 'verified') throw refusal(60311)
  if (factor.failures >= ATTEMPTS) throw refusal(60310)
  const used = burnt(keyring, owner, factor, typed, now)
  return used === null ? { ...factor, failures: factor.failures + 1 } : { ...used, status: 'verified' }
}

/** Its challenges go with it. */
async function remove (call: Call): Promise<Answer> {
  const sid = sidIn(call, 'factor', 'YF')
  await changeEntityIn(call, entity => {
    const gone = factorOf(entity, sid)
    const factors = entity.factors.filter(factor => factor !== gone)
    const challenges = entity.challenges.filter(({ factorSid }) => factorSid !== gone.sid)
    return { next: { ...entity, factors, challenges }, answer: null }
  })
  return { status: 204 }
}

/** A factor of an entity. Throws `NotFound` when it has no such factor. */
export function factorOf (entity: EntityDocument, sid: string): StoredFactor {
  return found(entity.factors.find(factor => factor.sid === sid))
}

/** The entity with a factor as it is now. */
export function withFactor (entity: EntityDocument, changed: StoredFactor): EntityDocument {
  return { ...entity, factors: entity.factors.map(factor => factor.sid === changed.sid ? changed : factor) }
}
