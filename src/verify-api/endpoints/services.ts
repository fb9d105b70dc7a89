import { newService, SERVICE_KEY_PREFIX } from '../records/documents.js'
import { orNotFound } from '../records/records.js'
import { changedSettings, newSettings } from '../records/settings.js'
import { byKey, readPage } from '../wire/paging.js'
import { newSid } from '../wire/sid.js'
import { readService, sidIn, type VerifyAnswer, type VerifyCall, type VerifyEndpoint } from './endpoint.js'
import { serviceResource, urls } from './resources.js'

/** The operations on services. */
export const services: readonly VerifyEndpoint[] = [
  { method: 'POST', path: '/v2/Services', invalid: 60200, handle: create },
  { method: 'GET', path: '/v2/Services', handle: list },
  { method: 'GET', path: '/v2/Services/:service', handle: fetch },
  { method: 'POST', path: '/v2/Services/:service', invalid: 60200, handle: update },
  { method: 'DELETE', path: '/v2/Services/:service', handle: remove }
]

async function create ({ records, root, form }: VerifyCall): Promise<VerifyAnswer> {
  const settings = newSettings(form)
  const sid = newSid('VA')
  const service = await records.changeService(sid, (_absent, now) => {
    const next = newService(sid, settings, now)
    return { next, answer: next }
  })
  return { status: 201, body: serviceResource(root, service) }
}

async function list ({ records, root, query }: VerifyCall): Promise<VerifyAnswer> {
  const prefix = SERVICE_KEY_PREFIX
  const body = await readPage({
    key: 'services',
    anchor: ({ sid }) => sid,
    ...byKey(after => records.listKeys(prefix, after), prefix, async sid => await records.readService(sid)),
    render: service => serviceResource(root, service)
  }, urls.services(root), query)
  return { status: 200, body }
}

async function fetch (call: VerifyCall): Promise<VerifyAnswer> {
  return { status: 200, body: serviceResource(call.root, await readService(call)) }
}

async function update (call: VerifyCall): Promise<VerifyAnswer> {
  const changes = changedSettings(call.form)
  const service = await call.records.changeService(sidIn(call, 'service', 'VA'), (service, now) => {
    const { settings, ...rest } = orNotFound(service)
    const next = { ...rest, settings: { ...settings, ...changes }, updatedAt: now }
    return { next, answer: next }
  })
  return { status: 200, body: serviceResource(call.root, service) }
}

/**
 * Deletes the service first, so that nothing in it can be reached any more, and then its entities. If that
 * fails, the client repeats the request, which deletes the remaining entities although the service is gone.
 */
async function remove (call: VerifyCall): Promise<VerifyAnswer> {
  const { records } = call
  const sid = sidIn(call, 'service', 'VA')
  const service = await records.changeService(sid, service =>
    service === null ? { answer: null } : { next: null, answer: service })
  await records.deleteEntities(sid)
  orNotFound(service)
  return { status: 204 }
}
