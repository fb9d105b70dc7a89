import { randomBytes } from 'node:crypto'
import t from 'tap'
import { credentialsIn, type CredentialsDocument } from '../../src/cli/serve/credentials.js'
import { memoryStore } from '../../src/stores/memory.js'
import { untyped } from '../untyped.js'

const [one, two] = [randomBytes(32), randomBytes(32)]
const [VA1, VA2, VA3] = [1, 2, 3].map(digit => `VA${String(digit).repeat(32)}`)

t.test('credentials are random, created once and stored', async t => {
  const store = memoryStore<CredentialsDocument>()
  const processes = Array.from({ length: 10 }, () => credentialsIn(store, [one]))
  const starts = await Promise.all(processes.map(async stored => await stored.readOrCreate()))
  const [first] = starts
  for (const credentials of starts) t.same(credentials, first, 'processes that start at the same time agree')
  t.match(first, { accountSid: /^AC[0-9a-f]{32}$/, authToken: /^[0-9a-f]{64}$/, serviceSid: null })
  const others = await credentialsIn(memoryStore<CredentialsDocument>(), [one]).readOrCreate()
  t.not(others.accountSid, first?.accountSid)
  t.not(others.authToken, first?.authToken)
})

t.test('the store does not contain the token in clear', async t => {
  const store = memoryStore<CredentialsDocument>()
  const { authToken } = await credentialsIn(store, [one]).readOrCreate()
  const stored = JSON.stringify(await store.get('credentials'))
  for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
    t.notMatch(stored, Buffer.from(authToken).toString(encoding).slice(0, 40))
    t.notMatch(stored, Buffer.from(authToken, 'hex').toString(encoding).slice(0, 40))
  }
  t.match(stored, 'sealedToken', 'but sealed')
})

t.test('without their key, credentials are neither read nor replaced', async t => {
  const store = memoryStore<CredentialsDocument>()
  const credentials = await credentialsIn(store, [one]).readOrCreate()
  const stored = await store.get('credentials')
  await t.rejects(credentialsIn(store, [two]).readOrCreate(), { name: 'CommandError', message: /another key.*TOTP_KEYS/ })
  t.same(await store.get('credentials'), stored)
  t.same(await credentialsIn(store, [two, one]).readOrCreate(), credentials, 'the new first key reseals the token')
  t.same(await credentialsIn(store, [two]).readOrCreate(), credentials)
  await t.rejects(credentialsIn(store, [one]).readOrCreate(), { name: 'CommandError' })
})

t.test('credentials in an unknown format are rejected and not overwritten', async t => {
  const store = memoryStore<CredentialsDocument>()
  await credentialsIn(store, [one]).readOrCreate()
  const stored = await store.get('credentials')
  const parts = [{ accountSid: 'AC1' }, { sealedToken: 1 }, { serviceSid: 'x' }, { serviceSid: 1 }, { more: true }]
  for (const part of parts) {
    await store.replace('credentials', 0, untyped({ ...stored, ...part }))
    await t.rejects(credentialsIn(store, [one]).readOrCreate(), { name: 'CommandError', message: /format/ }, JSON.stringify(part))
    t.match(await store.get('credentials'), part)
  }
})

t.test('of processes that replace the service one wins, and the others get its service', async t => {
  const store = memoryStore<CredentialsDocument>()
  const stored = credentialsIn(store, [one])
  await t.rejects(stored.replaceService(null, VA1 ?? ''), { name: 'CommandError', message: /deleted/ })
  await stored.readOrCreate()
  const agreed = await Promise.all([VA1, VA2].map(async sid => await stored.replaceService(null, sid ?? '')))
  t.equal(agreed[0], agreed[1])
  t.equal((await stored.readOrCreate()).serviceSid, agreed[0])
  t.equal(await stored.replaceService(agreed[0] ?? '', VA3 ?? ''), VA3)
  t.equal(await stored.replaceService(agreed[0] ?? '', VA1 ?? ''), VA3, 'too late')
})
