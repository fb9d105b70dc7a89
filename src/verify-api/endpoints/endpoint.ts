import type { Keyring } from '../../seal.js'
import type { Change } from '../../stores/documents.js'
import type { EntityDocument, ServiceDocument } from '../records/documents.js'
import type { Form } from '../wire/form.js'
import { found, type Decide, type EntityRead, type Records } from '../records/records.js'
import { NotFound, type InvalidCode } from '../wire/refusal.js'
import type { Place } from './resources.js'
import { canonicalSid, type SidKind } from '../wire/sid.js'

/** A request as an endpoint sees it. */
export interface Call {
  readonly records: Records
  readonly keyring: Keyring
  readonly place: Place
  /** The variable parts of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Form
  readonly form: Form
}

/** What is sent back. */
export interface Answer {
  readonly status: 200 | 201 | 204
  readonly body?: object
}

/** One operation of the API. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** The code for parameters of its body that can't be. @default 60306 */
  readonly invalid?: InvalidCode
  /** Throws a `Refusal`, or `NotFound`. */
  handle (call: Call): Promise<Answer>
}

/** An identifier in the path. Throws `NotFound` for what can't be one. */
export function sidIn ({ params }: Call, name: string, kind: SidKind): string {
  const sid = canonicalSid(kind, String(params[name]))
  if (sid === null) throw new NotFound()
  return sid
}

/** What can name an entity. */
export const IDENTITY_RULE = 'must have 8 to 64 letters and digits, with single dashes between them at will'

/** Whether this can name an entity. */
export function isIdentity (text: string): boolean {
  return /^(?=.{8,64}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/.test(text)
}

/** The service in the path, which has to be there before anything in it is asked for. */
export async function serviceIn (call: Call): Promise<ServiceDocument> {
  return await call.records.service(sidIn(call, 'service', 'VA'))
}

/** The entity in the path. Throws `NotFound` when there is none. */
export async function entityIn (call: Call): Promise<EntityRead> {
  const { sid } = await serviceIn(call)
  return await call.records.entity(sid, identityIn(call))
}

/** Changes the entity in the path. Throws `NotFound` when there is none. */
export async function changeEntityIn<T> (
  call: Call, decide: (entity: EntityDocument, now: number) => Change<EntityDocument, T>
): Promise<T> {
  const { sid } = await serviceIn(call)
  return await call.records.changeEntity(sid, identityIn(call), (entity, now) => decide(found(entity), now))
}

/**
 * Changes an entity, or makes it. A service that goes meanwhile takes it along, and throws `NotFound`; when
 * the store fails just then, it is left, and goes when the service is deleted again.
 */
export async function putEntity<T> (
  { records }: Call, serviceSid: string, identity: string, decide: Decide<EntityDocument, T>
): Promise<T> {
  const answer = await records.changeEntity(serviceSid, identity, decide)
  try {
    await records.service(serviceSid)
    return answer
  } catch (error) {
    if (error instanceof NotFound) {
      await records.changeEntity(serviceSid, identity, () => ({ next: null, answer: null }))
    }
    throw error
  }
}

function identityIn ({ params: { identity = '' } }: Call): string {
  if (!isIdentity(identity)) throw new NotFound()
  return identity
}
