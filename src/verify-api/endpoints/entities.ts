import { entitiesOf, newEntity } from '../records/documents.js'
import {
  changeEntityIn, entityIn, IDENTITY_RULE, isIdentity, putEntity, serviceIn, type Answer, type Call,
  type Endpoint
} from './endpoint.js'
import { ofKeys, page } from '../wire/paging.js'
import { required, type Reader } from '../wire/parameters.js'
import { refusal } from '../wire/refusal.js'
import { urls, wireEntity } from './resources.js'

/** The operations on entities. */
export const entities: readonly Endpoint[] = [
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

async function create (call: Call): Promise<Answer> {
  const { place, form } = call
  const { sid } = await serviceIn(call)
  const name = required(form, 'Identity', identity)
  const entity = await putEntity(call, sid, name, (entity, now) => {
    if (entity !== null) throw refusal(60301)
    const next = newEntity(sid, name, now)
    return { next, answer: next }
  })
  return { status: 201, body: wireEntity(place, entity) }
}

async function list (call: Call): Promise<Answer> {
  const { records, place, query } = call
  const { sid } = await serviceIn(call)
  const prefix = entitiesOf(sid)
  const body = await page({
    key: 'entities',
    anchor: ({ entity }) => entity.identity.toLowerCase(),
    ...ofKeys(after => records.keys(prefix, after), prefix, async name => await records.entity(sid, name)),
    shown: ({ entity }) => wireEntity(place, entity)
  }, urls.entities(place, sid), query)
  return { status: 200, body }
}

async function fetch (call: Call): Promise<Answer> {
  const { entity } = await entityIn(call)
  return { status: 200, body: wireEntity(call.place, entity) }
}

async function remove (call: Call): Promise<Answer> {
  await changeEntityIn(call, () => ({ next: null, answer: null }))
  return { status: 204 }
}
