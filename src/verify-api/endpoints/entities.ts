import { entityKeyPrefix, newEntity } from '../records/documents.js'
import { byKey, readPage } from '../wire/paging.js'
import { required, type Reader } from '../wire/parameters.js'
import { refusal } from '../wire/refusal.js'
import {
  changeEntity, IDENTITY_RULE, isIdentity, putEntity, readEntity, readService, type VerifyAnswer,
  type VerifyCall, type VerifyEndpoint
} from './endpoint.js'
import { entityResource, urls } from './resources.js'

/** The operations on entities. */
export const entities: readonly VerifyEndpoint[] = [
  { method: 'POST', path: '/v2/Services/:service/Entities', handle: create },
  { method: 'GET', path: '/v2/Services/:service/Entities', handle: list },
  { method: 'GET', path: '/v2/Services/:service/Entities/:identity', handle: fetch },
  { method: 'DELETE', path: '/v2/Services/:service/Entities/:identity', handle: remove }
]

const identity: Reader<string> = (form, name) => {
  const value = form.one(name)
  if (value !== undefined && !isIdentity(value)) throw form.invalid(name, IDENTITY_RULE)
  return value
}

async function create (call: VerifyCall): Promise<VerifyAnswer> {
  const { root, form } = call
  const { sid } = await readService(call)
  const name = required(form, 'Identity', identity)
  const entity = await putEntity(call, sid, name, (entity, now) => {
    if (entity !== null) throw refusal(60301)
    const next = newEntity(sid, name, now)
    return { next, answer: next }
  })
  return { status: 201, body: entityResource(root, entity) }
}

async function list (call: VerifyCall): Promise<VerifyAnswer> {
  const { records, root, query } = call
  const { sid } = await readService(call)
  const prefix = entityKeyPrefix(sid)
  const body = await readPage({
    key: 'entities',
    anchor: ({ entity }) => entity.identity.toLowerCase(),
    ...byKey(after => records.listKeys(prefix, after), prefix, async identity =>
      await records.readEntity(sid, identity)),
    render: ({ entity }) => entityResource(root, entity)
  }, urls.entities(root, sid), query)
  return { status: 200, body }
}

async function fetch (call: VerifyCall): Promise<VerifyAnswer> {
  const { entity } = await readEntity(call)
  return { status: 200, body: entityResource(call.root, entity) }
}

async function remove (call: VerifyCall): Promise<VerifyAnswer> {
  await changeEntity(call, () => ({ next: null, answer: null }))
  return { status: 204 }
}
