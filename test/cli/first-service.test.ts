import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { credentialsIn, type CredentialsDocument } from '../../src/cli/serve/credentials.js'
import { firstService } from '../../src/cli/serve/first-service.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { VerifyDocument } from '../../src/verify-api/records/documents.js'
import { verifyApi } from '../../src/verify-api/plugin.js'

const keys = [randomBytes(32)]

/** A server that has no service yet. */
async function server (t: Test) {
  const kept = credentialsIn(memoryStore<CredentialsDocument>(), keys)
  const credentials = await kept.read()
  const { accountSid, authToken } = credentials
  const store = memoryStore<VerifyDocument>()
  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(verifyApi, { store, keys, accountSid, authToken })
  return { app, credentials, kept, store }
}

t.test('processes that start at once agree on one service, and leave no other behind', async t => {
  const { app, credentials, kept, store } = await server(t)
  const starts = Array.from({ length: 5 }, async () => await firstService(app, credentials, kept))
  const sids = await Promise.all(starts)
  t.same([...new Set(sids)], [(await kept.read()).serviceSid])
  t.same(await store.list(undefined, 10), [`verify:service:${sids[0]}`])
})

t.test('the service that is kept stays, and one that is gone is replaced', async t => {
  const { app, kept, store } = await server(t)
  const first = await firstService(app, await kept.read(), kept)
  t.equal(await firstService(app, await kept.read(), kept), first)
  const [key = ''] = await store.list(undefined, 1)
  await store.replace(key, (await store.get(key))?.revision ?? null, null)
  const second = await firstService(app, await kept.read(), kept)
  t.not(second, first)
  t.equal(await firstService(app, await kept.read(), kept), second)
})

t.test('without an answer that it understands, the server doesn\'t start', async t => {
  const { app, credentials, kept } = await server(t)
  const refused = { name: 'StartError', message: /status 401$/ }
  const serviceSid = `VA${'0'.repeat(32)}`
  await t.rejects(firstService(app, { ...credentials, authToken: 'another' }, kept), refused)
  await t.rejects(firstService(app, { ...credentials, authToken: 'another', serviceSid }, kept), refused)
  t.equal((await kept.read()).serviceSid, null, 'and none is kept')
})
