import type { Keyring } from '../../seal.js'
import type { Change } from '../../documents/documents.js'
import type { EntityDocument, ServiceDocument } from '../records/documents.js'
import { orNotFound, type Decide, type EntityRead, type Records } from '../records/records.js'
import type { Form } from '../wire/form.js'
import { NotFound, type InvalidCode } from '../wire/refusal.js'
import { canonicalSid, type SidKind } from '../wire/sid.js'
import type { ResourceRoot } from './resources.js'

/** A request to an endpoint. */
export interface VerifyCall {
  readonly records: Records
  readonly keyring: Keyring
  readonly root: ResourceRoot
  /** The variable parts of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Form
  readonly form: Form
}

/** The answer of an endpoint. */
export interface VerifyAnswer {
  readonly status: 200 | 201 | 204
  readonly body?: object
}

/** One operation of the API. */
export interface VerifyEndpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** The code for invalid parameters in its body. @default 60306 */
  readonly invalid?: InvalidCode
  /** Throws a `Refusal`, or `NotFound`. */
  handle (call: VerifyCall): Promise<VerifyAnswer>
}

/** An identifier in the path. Throws `NotFound` for any other text. */
export function sidIn ({ params }: VerifyCall, name: string, kind: SidKind): string {
  return orNotFound(canonicalSid(kind, String(params[name])))
}

/** The rule for the identities of entities. */
export const IDENTITY_RULE = 'must have 8 to 64 letters and digits, optionally separated by single dashes'

/** True for an identity that an entity can have. */
export function isIdentity (text: string): boolean {
  return /^(?=.{8,64}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/.test(text)
}

/** Reads the service in the path. Every other operation in a service checks first that the service exists. */
export async function readService (call: VerifyCall): Promise<ServiceDocument> {
  return await call.records.readService(sidIn(call, 'service', 'VA'))
}

/** Reads the entity in the path. Throws `NotFound` if it doesn't exist. */
export async function readEntity (call: VerifyCall): Promise<EntityRead> {
  const { sid } = await readService(call)
  return await call.records.readEntity(sid, identityIn(call))
}

/** Changes the entity in the path. Throws `NotFound` if it doesn't exist. */
export async function changeEntity<T> (
  call: VerifyCall, decide: (entity: EntityDocument, now: number) => Change<EntityDocument, T>
): Promise<T> {
  const { sid } = await readService(call)
  return await call.records.changeEntity(sid, identityIn(call), (entity, now) =>
    decide(orNotFound(entity), now))
}

/**
 * Creates or changes an entity. If its service is deleted meanwhile, the entity is deleted again and
 * `NotFound` is thrown. If the store fails just then, the entity stays until the service is deleted once
 * more.
 */
export async function putEntity<T> (
  { records }: VerifyCall, serviceSid: string, identity: string, decide: Decide<EntityDocument, T>
): Promise<T> {
  const answer = await records.changeEntity(serviceSid, identity, decide)
  try {
    await records.readService(serviceSid)
    return answer
  } catch (error) {
    if (error instanceof NotFound) {
      await records.changeEntity(serviceSid, identity, () => ({ next: null, answer: null }))
    }
    throw error
  }
}

function identityIn ({ params: { identity = '' } }: VerifyCall): string {
  if (!isIdentity(identity)) throw new NotFound()
  return identity
}
