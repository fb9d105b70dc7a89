import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { credentialsIn, type CredentialsDocument } from '../../src/cli/serve/credentials.js'
import { ensureFirstService } from '../../src/cli/serve/first-service.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { VerifyDocument } from '../../src/verify-api/records/documents.js'
import { verifyApi } from '../../src/verify-api/plugin.js'

const keys = [randomBytes(32)]

/** A server without a service. */
async function server (t: Test) {
  const stored = credentialsIn(memoryStore<CredentialsDocument>(), keys)
  const credentials = await stored.readOrCreate()
  const { accountSid, authToken } = credentials
  const store = memoryStore<VerifyDocument>()
  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(verifyApi, { store, keys, accountSid, authToken })
  return { app, credentials, stored, store }
}

t.test('processes that start at the same time agree on one service and leave no other behind', async t => {
  const { app, credentials, stored, store } = await server(t)
  const starts = Array.from({ length: 5 }, async () => await ensureFirstService(app, credentials, stored))
  const sids = await Promise.all(starts)
  t.same([...new Set(sids)], [(await stored.readOrCreate()).serviceSid])
  t.same(await store.list(undefined, 10), [`verify:service:${sids[0]}`])
})

t.test('the stored service is reused, and a deleted one is replaced', async t => {
  const { app, stored, store } = await server(t)
  const first = await ensureFirstService(app, await stored.readOrCreate(), stored)
  t.equal(await ensureFirstService(app, await stored.readOrCreate(), stored), first)
  const [key = ''] = await store.list(undefined, 1)
  await store.replace(key, (await store.get(key))?.revision ?? null, null)
  const second = await ensureFirstService(app, await stored.readOrCreate(), stored)
  t.not(second, first)
  t.equal(await ensureFirstService(app, await stored.readOrCreate(), stored), second)
})

t.test('an unexpected status stops the start', async t => {
  const { app, credentials, stored } = await server(t)
  const refused = { name: 'CommandError', message: /answered 401$/ }
  const serviceSid = `VA${'0'.repeat(32)}`
  await t.rejects(ensureFirstService(app, { ...credentials, authToken: 'another' }, stored), refused)
  await t.rejects(ensureFirstService(app, { ...credentials, authToken: 'another', serviceSid }, stored), refused)
  t.equal((await stored.readOrCreate()).serviceSid, null, 'and no service is stored')
})
