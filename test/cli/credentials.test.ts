import { randomBytes } from 'node:crypto'
import t from 'tap'
import { credentialsIn, type CredentialsDocument } from '../../src/cli/serve/credentials.js'
import { memoryStore } from '../../src/stores/memory.js'
import { untyped } from '../untyped.js'

const [one, two] = [randomBytes(32), randomBytes(32)]
const [VA1, VA2, VA3] = [1, 2, 3].map(digit => `VA${String(digit).repeat(32)}`)

t.test('credentials are made once, at random, and kept', async t => {
  const store = memoryStore<CredentialsDocument>()
  const processes = Array.from({ length: 10 }, () => credentialsIn(store, [one]))
  const starts = await Promise.all(processes.map(async kept => await kept.read()))
  const [first] = starts
  for (const credentials of starts) t.same(credentials, first, 'all that start at once agree')
  t.match(first, { accountSid: /^AC[0-9a-f]{32}$/, authToken: /^[0-9a-f]{64}$/, serviceSid: null })
  const others = await credentialsIn(memoryStore<CredentialsDocument>(), [one]).read()
  t.not(others.accountSid, first?.accountSid)
  t.not(others.authToken, first?.authToken)
})

t.test('who reads the store doesn\'t learn the token', async t => {
  const store = memoryStore<CredentialsDocument>()
  const { authToken } = await credentialsIn(store, [one]).read()
  const kept = JSON.stringify(await store.get('credentials'))
  for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
    t.notMatch(kept, Buffer.from(authToken).toString(encoding).slice(0, 40))
    t.notMatch(kept, Buffer.from(authToken, 'hex').toString(encoding).slice(0, 40))
  }
  t.match(kept, 'sealedToken', 'and it is kept')
})

t.test('without the key there are no credentials, neither old nor new', async t => {
  const store = memoryStore<CredentialsDocument>()
  const credentials = await credentialsIn(store, [one]).read()
  const kept = await store.get('credentials')
  await t.rejects(credentialsIn(store, [two]).read(), { name: 'StartError', message: /another key.*TOTP_KEYS/ })
  t.same(await store.get('credentials'), kept)
  t.same(await credentialsIn(store, [two, one]).read(), credentials, 'the new key seals from now on')
  t.same(await credentialsIn(store, [two]).read(), credentials)
  await t.rejects(credentialsIn(store, [one]).read(), { name: 'StartError' })
})

t.test('credentials of another form are refused, and not overwritten', async t => {
  const store = memoryStore<CredentialsDocument>()
  await credentialsIn(store, [one]).read()
  const kept = await store.get('credentials')
  const parts = [{ accountSid: 'AC1' }, { sealedToken: 1 }, { serviceSid: 'x' }, { serviceSid: 1 }, { more: true }]
  for (const part of parts) {
    await store.replace('credentials', 0, untyped({ ...kept, ...part }))
    await t.rejects(credentialsIn(store, [one]).read(), { name: 'StartError', message: /form/ }, JSON.stringify(part))
    t.match(await store.get('credentials'), part)
  }
})

t.test('of processes that replace the service one wins, and the others learn by whom', async t => {
  const store = memoryStore<CredentialsDocument>()
  const kept = credentialsIn(store, [one])
  await t.rejects(kept.replaceService(null, VA1 ?? ''), { name: 'StartError', message: /deleted/ })
  await kept.read()
  const agreed = await Promise.all([VA1, VA2].map(async sid => await kept.replaceService(null, sid ?? '')))
  t.equal(agreed[0], agreed[1])
  t.equal((await kept.read()).serviceSid, agreed[0])
  t.equal(await kept.replaceService(agreed[0] ?? '', VA3 ?? ''), VA3)
  t.equal(await kept.replaceService(agreed[0] ?? '', VA1 ?? ''), VA3, 'too late')
})
