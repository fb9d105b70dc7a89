import { decodeSecret } from '../../otp/secret.js'
import type { TotpConfig } from '../../otp/totp.js'
import type { Change } from '../../documents/documents.js'
import { MAX_FACTORS, newEntity, type EntityDocument, type ServiceDocument, type StoredFactor } from '../records/documents.js'
import { orNotFound } from '../records/records.js'
import { spendStep, createBinding, isSecretOf, sealSecret, type CodeAttempt } from '../records/secret.js'
import type { Form } from '../wire/form.js'
import { bySerial, readPage } from '../wire/paging.js'
import { code, integer, oneOf, required, stringMap, text, type Reader } from '../wire/parameters.js'
import { refusal } from '../wire/refusal.js'
import { newSid } from '../wire/sid.js'
import {
  changeEntity, IDENTITY_RULE, isIdentity, putEntity, readEntity, readService, sidIn, type VerifyAnswer,
  type VerifyCall, type VerifyEndpoint
} from './endpoint.js'
import { factorResource, newFactorResource, urls } from './resources.js'

/** Wrong codes after which an unverified factor takes no more codes. */
const MAX_WRONG_CODES = 5

const FACTORS = '/v2/Services/:service/Entities/:identity/Factors'

/** The operations on factors. */
export const factors: readonly VerifyEndpoint[] = [
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

/** The parts of a factor's configuration that a form sets. */
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

/** The configuration of a service's new factors, as far as their forms don't set it. */
function defaultConfig ({ settings }: ServiceDocument): TotpConfig {
  return {
    alg: 'sha1',
    codeLength: settings['Totp.CodeLength'] ?? 6,
    timeStep: settings['Totp.TimeStep'] ?? 30,
    skew: settings['Totp.Skew'] ?? 1
  }
}

/** Creates the entity too if this is its first factor. */
async function create (call: VerifyCall): Promise<VerifyAnswer> {
  const { keyring, root, form, params: { identity = '' } } = call
  const service = await readService(call)
  if (!isIdentity(identity)) throw form.invalid('Identity', IDENTITY_RULE)
  const name = required(form, 'FriendlyName', friendlyName)
  if (required(form, 'FactorType', factorType) !== 'totp') throw refusal(60204)
  const config = { ...defaultConfig(service), ...configIn(form) }
  const imported = secret(form, 'Binding.Secret')
  const metadata = stringMap(form, 'Metadata') ?? null
  const issuer = service.settings['Totp.Issuer'] ?? service.settings.FriendlyName
  const { bytes, binding } = createBinding(imported, issuer, name, config)
  const sid = newSid('YF')

  const body = await putEntity(call, service.sid, identity, (stored, now) => {
    const entity = stored ?? newEntity(service.sid, identity, now)
    requireRoom(entity)
    const isPresent = imported !== undefined &&
      entity.factors.some(factor => isSecretOf(keyring, entity, factor, imported))
    if (isPresent) throw refusal(60317)
    const sealed = sealSecret(keyring, entity, sid, bytes)
    const { next, factor } = withNewFactor(entity, { sid, friendlyName: name, config, sealed, metadata }, now)
    return { next, answer: newFactorResource(root, next, factor, binding) }
  })
  return { status: 201, body }
}

function requireRoom ({ factors, created }: EntityDocument): void {
  if (factors.length >= MAX_FACTORS) throw refusal(60315)
  if (created.length >= MAX_FACTORS) throw refusal(60326)
}

function withNewFactor (
  entity: EntityDocument,
  given: Pick<StoredFactor, 'sid' | 'friendlyName' | 'config' | 'sealed' | 'metadata'>,
  now: number
): { readonly next: EntityDocument, readonly factor: StoredFactor } {
  const serial = entity.serial + 1
  const factor: StoredFactor = {
    ...given,
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

async function list (call: VerifyCall): Promise<VerifyAnswer> {
  const { root, query } = call
  const { entity } = await readEntity(call)
  const body = await readPage({
    key: 'factors',
    ...bySerial(entity.factors),
    render: factor => factorResource(root, entity, factor)
  }, urls.factors(root, entity), query)
  return { status: 200, body }
}

async function fetch (call: VerifyCall): Promise<VerifyAnswer> {
  const { entity } = await readEntity(call)
  const factor = factorOf(entity, sidIn(call, 'factor', 'YF'))
  return { status: 200, body: factorResource(call.root, entity, factor) }
}

async function update (call: VerifyCall): Promise<VerifyAnswer> {
  const { keyring, root, form } = call
  const sid = sidIn(call, 'factor', 'YF')
  const typed = code(form, 'AuthPayload')
  const name = friendlyName(form, 'FriendlyName')
  const config = configIn(form)

  const body = await changeEntity(call, (entity, now): Change<EntityDocument, object> => {
    const factor = factorOf(entity, sid)
    const changed: StoredFactor = {
      ...factor,
      friendlyName: name ?? factor.friendlyName,
      config: { ...factor.config, ...config },
      updatedAt: now
    }
    const judged = typed === undefined
      ? changed
      : judgeFirstCode({ keyring, owner: entity, factor: changed, code: typed, now })
    return { next: withFactor(entity, judged), answer: factorResource(root, entity, judged) }
  })
  return { status: 200, body }
}

/**
 * The factor after a code that is to verify it, right or wrong. A verified one takes codes in challenges
 * only.
 */
function judgeFirstCode (attempt: CodeAttempt): StoredFactor {
  const { factor } = attempt
  if (factor.status === 'verified') throw refusal(60311)
  if (factor.failures >= MAX_WRONG_CODES) throw refusal(60310)
  const used = spendStep(attempt)
  return used === null ? { ...factor, failures: factor.failures + 1 } : { ...used, status: 'verified' }
}

/** Deletes a factor together with its challenges. */
async function remove (call: VerifyCall): Promise<VerifyAnswer> {
  const sid = sidIn(call, 'factor', 'YF')
  await changeEntity(call, entity => {
    const removed = factorOf(entity, sid)
    const factors = entity.factors.filter(factor => factor !== removed)
    const challenges = entity.challenges.filter(({ factorSid }) => factorSid !== removed.sid)
    return { next: { ...entity, factors, challenges }, answer: null }
  })
  return { status: 204 }
}

/** A factor of an entity. Throws `NotFound` if the entity has no such factor. */
export function factorOf (entity: EntityDocument, sid: string): StoredFactor {
  return orNotFound(entity.factors.find(factor => factor.sid === sid))
}

/** The entity with a changed factor. */
export function withFactor (entity: EntityDocument, changed: StoredFactor): EntityDocument {
  return { ...entity, factors: entity.factors.map(factor => factor.sid === changed.sid ? changed : factor) }
}
