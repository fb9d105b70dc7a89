import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { base32nopad } from '@scure/base'
import t from 'tap'
import { memoryStore } from '../../src/index.js'
import type { VerifyDocument } from '../../src/verify-api.js'
import { codeIn } from '../code-in-text.js'
import { KEY } from '../site.js'
import { untyped } from '../untyped.js'
import { enroll, enrollVerified, newIdentity } from './enrolled.js'
import { standIn, type StandInOptions } from './stand-in.js'

/** A store whose documents a test can read and change. */
function openStore () {
  const store = memoryStore<VerifyDocument>()
  return {
    store,
    async entityKey () {
      const keys = await store.list(undefined, 100)
      return keys.find(key => key.startsWith('verify:entity:')) ?? ''
    },
    /** Replaces a document. */
    async tamper (key: string, change: (document: VerifyDocument) => object): Promise<void> {
      const document = await store.get(key)
      if (document === null) throw new Error('nothing to tamper with')
      const { revision } = document
      await store.replace(key, revision, untyped({ ...change(document), revision }))
    }
  }
}

/** Options of a stand-in whose log a test can read. */
function logged (): { readonly options: Pick<StandInOptions, 'server'>, log (): string } {
  let text = ''
  const stream = new Writable({ write: (line, _encoding, done) => { text += String(line); done() } })
  return { options: { server: { logger: { level: 'trace', base: null, stream } } }, log: () => text }
}

t.test('an invalid document is rejected and never repaired', async t => {
  const changes: Array<(document: VerifyDocument) => object> = [
    () => ({}),
    document => ({ ...document, format: 2 }),
    document => ({ ...document, kind: 'service' }),
    document => ({ ...document, more: 1 }),
    document => ({ ...document, identity: 'somebody-else' }),
    document => ({ ...document, serviceSid: `VA${'0'.repeat(32)}` }),
    document => ({ ...document, factors: [{}] }),
    document => ({ ...document, challenges: Array.from({ length: 101 }, () => ({})) }),
    document => ({ ...document, created: Array.from({ length: 101 }, () => 1) })
  ]
  for (const change of changes) {
    const { store, tamper, entityKey } = openStore()
    const { options, log } = logged()
    const service = await standIn(t, { store, ...options })
    const factor = await enrollVerified(service)
    const key = await entityKey()
    await tamper(key, change)
    const kept = JSON.stringify(await store.get(key))
    for (const answer of [
      await factor.challenge(factor.code(service.now())), await factor.update({}),
      await service.fetch(factor.entity), await service.fetch(`/Services/${service.serviceSid}/Entities`)
    ]) {
      t.same([answer.status, answer.body.code, answer.body.message], [503, 20503, 'Service unavailable'])
    }
    t.equal(JSON.stringify(await store.get(key)), kept)
    t.match(log(), /the document (does not fit|belongs to another)/, 'the log has the reason')
  }
})

t.test('a repeated deletion of a service continues where it failed, and skips invalid documents', async t => {
  const { store, tamper } = openStore()
  let failing = false
  const service = await standIn(t, {
    store: {
      ...store,
      async replace (key, expected, next) {
        if (failing && key.startsWith('verify:entity:')) throw new Error('the disk is full')
        return await store.replace(key, expected, next)
      }
    }
  })
  const path = `/Services/${service.serviceSid}`
  for (let count = 0; count < 3; count++) await enroll(service)
  failing = true
  t.match(await service.fetch(path, { method: 'DELETE' }), { status: 503, body: { code: 20503 } })
  t.equal((await service.fetch(path)).status, 404, 'nothing in it can be reached any more')
  failing = false
  const [invalid = ''] = await store.list(undefined, 100)
  await tamper(invalid, document => ({ ...document, format: 2 }))
  t.equal((await service.fetch(path, { method: 'DELETE' })).status, 503)
  t.same(await store.list(undefined, 100), [invalid])
  await tamper(invalid, document => ({ ...document, format: 1 }))
  t.match(await service.fetch(path, { method: 'DELETE' }), { status: 404, body: { code: 20404 } })
  t.same(await store.list(undefined, 100), [])
})

t.test('deleting a large service has no time limit, unless the store is down', async t => {
  const store = memoryStore<VerifyDocument>()
  let [milliseconds, hangs, deletions] = [0, false, 0]
  const service = await standIn(t, {
    timeout: 2,
    store: {
      ...store,
      async replace (key, expected, next) {
        if (next === null && key.startsWith('verify:entity:')) deletions++
        if (hangs && key.startsWith('verify:entity:')) await new Promise(() => {})
        if (milliseconds > 0) await new Promise(resolve => setTimeout(resolve, milliseconds))
        return await store.replace(key, expected, next)
      }
    }
  })
  const createFullService = async () => {
    const { body: { sid } } = await service.fetch('/Services', { method: 'POST', form: { FriendlyName: 'x' } })
    for (let count = 0; count < 24; count++) {
      await service.fetch(`/Services/${sid}/Entities`, { method: 'POST', form: { Identity: newIdentity() } })
    }
    return `/Services/${sid}`
  }
  const [one, two] = [await createFullService(), await createFullService()]
  milliseconds = 800
  t.equal((await service.fetch(one, { method: 'DELETE' })).status, 204, 'it takes more than the two seconds of the timeout')
  t.equal(deletions, 24)

  milliseconds = 0
  hangs = true
  t.match(await service.fetch(two, { method: 'DELETE' }), { status: 503, body: { code: 20503 } })
  t.equal(deletions, 24 + 8)
  hangs = false
  t.equal((await service.fetch(two, { method: 'DELETE' })).status, 404)
  t.same(await store.list(undefined, 100), [`verify:service:${service.serviceSid}`])
})

t.test('nothing is created in a service that is deleted meanwhile', async t => {
  const { store } = openStore()
  let meanwhile = async (): Promise<unknown> => null
  const service = await standIn(t, {
    store: {
      ...store,
      async replace (key, expected, next) {
        if (key.startsWith('verify:entity:') && next !== null) await meanwhile()
        return await store.replace(key, expected, next)
      }
    }
  })
  for (const [path, form] of [
    ['Entities/somebody-1/Factors', { FriendlyName: 'phone', FactorType: 'totp' }], ['Entities', { Identity: 'somebody-1' }]
  ] as const) {
    const { body: { sid } } = await service.fetch('/Services', { method: 'POST', form: { FriendlyName: 'x' } })
    meanwhile = async () => await service.fetch(`/Services/${sid}`, { method: 'DELETE' })
    t.match(await service.fetch(`/Services/${sid}/${path}`, { method: 'POST', form }), { status: 404, body: { code: 20404 } })
    meanwhile = async () => null
    t.same(await store.list(undefined, 100), [`verify:service:${service.serviceSid}`])
  }

  let failing = false
  meanwhile = async () => { failing = true }
  const other = await standIn(t, {
    store: {
      ...store,
      async get (key) {
        if (failing && key.startsWith('verify:service:')) throw new Error('the network is down')
        return await store.get(key)
      },
      async replace (key, expected, next) {
        if (key.startsWith('verify:entity:')) await meanwhile()
        return await store.replace(key, expected, next)
      }
    }
  })
  const form = { FriendlyName: 'phone', FactorType: 'totp' }
  const answer = await other.fetch(`/Services/${other.serviceSid}/Entities/somebody-1/Factors`, { method: 'POST', form })
  t.match(answer, { status: 503 }, 'without certainty the secret is not shown')
})

t.test('all store calls of a request share one timeout', async t => {
  const store = memoryStore<VerifyDocument>()
  let slow = false
  const service = await standIn(t, {
    timeout: 1,
    store: {
      ...store,
      async get (key) {
        if (slow) await new Promise(resolve => setTimeout(resolve, 700))
        return await store.get(key)
      }
    }
  })
  const { entity } = await enroll(service)
  slow = true
  t.match(await service.fetch(entity), { status: 503, body: { code: 20503 } })
})

t.test('an invalid service is rejected', async t => {
  const { store, tamper } = openStore()
  const service = await standIn(t, { store })
  await tamper(`verify:service:${service.serviceSid}`, document => ({ ...document, settings: {} }))
  for (const path of ['/Services', `/Services/${service.serviceSid}`, `/Services/${service.serviceSid}/Entities`]) {
    t.equal((await service.fetch(path)).body.code, 20503, path)
  }
})

t.test('a secret opens only for its own entity and factor, and only with its key', async t => {
  const { store, tamper } = openStore()
  const service = await standIn(t, { store })
  const [one, two] = [await enrollVerified(service), await enrollVerified(service)]
  const keys = (await store.list(undefined, 100)).filter(key => key.startsWith('verify:entity:'))
  const [from] = keys
  const source = await store.get(from ?? '')
  const sealed = source?.kind === 'entity' ? source.factors[0]?.sealed : undefined
  await tamper(keys[1] ?? '', document => document.kind === 'entity'
    ? { ...document, factors: document.factors.map(factor => ({ ...factor, sealed })) }
    : document)
  const answers = [await one.challenge(one.code(service.now())), await two.challenge(one.code(service.now()))]
  t.same(answers.map(({ status }) => status).sort(), [201, 503])

  const stranger = await standIn(t, { store, keys: [randomBytes(32)], clock: service.now })
  const { body } = await stranger.fetch(`${one.entity}/Challenges`, {
    method: 'POST', form: { FactorSid: one.sid, AuthPayload: one.code(service.now() + 30) }
  })
  t.equal(body.code, 20503)
})

t.test('a right code reseals the secret with the first key', async t => {
  const { store, entityKey } = openStore()
  const service = await standIn(t, { store })
  const factor = await enrollVerified(service)
  const key = randomBytes(32)
  const rotated = await standIn(t, { store, keys: [key, KEY], clock: service.now })
  const challenge = { method: 'POST', form: { FactorSid: factor.sid, AuthPayload: factor.code(service.now()) } }
  t.equal((await rotated.fetch(`${factor.entity}/Challenges`, challenge)).body.status, 'approved')
  const after = await standIn(t, { store, keys: [key], clock: () => service.now() + 60 })
  const next = { method: 'POST', form: { FactorSid: factor.sid, AuthPayload: factor.code(service.now() + 60) } }
  t.equal((await after.fetch(`${factor.entity}/Challenges`, next)).body.status, 'approved')
  t.match(await entityKey(), /^verify:entity:VA/)
})

t.test('a store that fails or returns junk is a 503, and its error messages stay private', async t => {
  const kept = memoryStore<VerifyDocument>()
  const faults: ReadonlyArray<readonly ['get' | 'replace' | 'list', () => unknown]> = [
    ['get', () => { throw new Error('postgres://user:hunter2@db failed') }],
    ['get', async () => await Promise.reject(new Error('password=hunter2'))],
    ['get', () => undefined], ['get', () => 1], ['get', () => ({})],
    ['replace', () => { throw new Error('postgres://user:hunter2@db failed') }],
    ['replace', async () => 'yes'], ['replace', async () => 1], ['replace', async () => false],
    ['list', () => { throw new Error('postgres://user:hunter2@db failed') }],
    ['list', () => null], ['list', () => [1]], ['list', (...args: unknown[]) => Array.from({ length: 1000 }, () => args[0] ?? 'a')]
  ]
  for (const [method, answer] of faults) {
    let broken = false
    const { options, log } = logged()
    const service = await standIn(t, {
      ...options,
      store: {
        ...kept,
        [method]: (...args: unknown[]) => (broken ? untyped(answer) : untyped(kept)[method])(...args)
      }
    })
    const factor = await enroll(service)
    broken = true
    const path = `/Services/${service.serviceSid}/Entities`
    const { status, body, text } = method === 'list'
      ? await service.fetch(path)
      : await factor.update({ AuthPayload: factor.code(service.now()) })
    t.same([status, body.code], [503, 20503], `${method} ${String(answer)}`)
    t.notMatch(text + log(), /hunter2/)
    t.match(log(), /"level":50/, 'the error is logged')
  }
})

t.test('a store that does not answer times out', async t => {
  const kept = memoryStore<VerifyDocument>()
  let hangs = false
  const service = await standIn(t, {
    timeout: 3,
    store: { ...kept, get: async key => hangs ? await new Promise<never>(() => {}) : await kept.get(key) }
  })
  hangs = true
  t.equal((await service.fetch(`/Services/${service.serviceSid}`)).body.code, 20503)
})

t.test('an unexpected error is a 500, and only the log has the details', async t => {
  let now: unknown = 1_800_000_000
  const { options, log } = logged()
  const service = await standIn(t, { ...options, clock: () => untyped(now) })
  now = 'yesterday'
  const { status, body } = await service.fetch(`/Services/${service.serviceSid}`)
  t.same([status, body], [500, {
    code: 20500, message: 'Internal Server Error', more_info: 'https://www.twilio.com/docs/errors/20500', status: 500
  }])
  t.match(log(), /option \\"clock\\"/)
})

t.test('an error from a hook of the host is answered in the same format', async t => {
  let thrown: unknown = null
  const service = await standIn(t, {
    host (app) { app.addHook('preHandler', async () => { if (thrown !== null) throw thrown }) }
  })
  const answer = async (error: unknown) => {
    thrown = error
    const { status, body } = await service.fetch('/Services')
    return [status, body.code, body.status]
  }
  t.same(await answer(new Error('a secret of the host')), [500, 20500, 500])
  t.same(await answer('a secret of the host'), [500, 20500, 500])
  t.same(await answer(Object.assign(new Error(), { statusCode: 429 })), [429, 60306, 429])
  t.same(await answer(Object.assign(new Error(), { statusCode: 302 })), [500, 20500, 500])
})

t.test('documents deleted while a list is read are left out', async t => {
  const kept = memoryStore<VerifyDocument>()
  const gone = `verify:service:VA${'0'.repeat(32)}`
  const service = await standIn(t, {
    store: { ...kept, list: async (after, limit) => [gone, ...await kept.list(after, limit)] }
  })
  const { body: { services } } = await service.fetch('/Services')
  t.same(services.map(({ sid }: { sid: string }) => sid), [service.serviceSid])
})

t.test('no secret, URI, code or credential is stored in clear or logged', async t => {
  const store = memoryStore<VerifyDocument>()
  const { options, log } = logged()
  const service = await standIn(t, { store, ...options })
  const identity = newIdentity()
  const factor = await enrollVerified(service, identity)
  const used = [factor.code(service.now() - 60), factor.code(service.now()), factor.wrongCode(service.now())]
  for (const code of used) await factor.challenge(code)
  const { body: { sid } } = await factor.challenge()
  for (const code of used) await factor.answer(sid, code)
  await factor.update({ AuthPayload: used[0] ?? '' })
  await factor.update({ AuthPayload: 'not-a-code-31337' })
  const form = { FriendlyName: 'x', FactorType: 'totp', 'Binding.Secret': factor.secret }
  await service.fetch(`${factor.entity}/Factors`, { method: 'POST', form })
  await service.fetch(`${factor.entity}/Factors`, { method: 'POST', form: JSON.stringify(form), headers: { 'content-type': 'application/json' } })
  await service.fetch(`${factor.entity}/Factors`, { headers: { authorization: 'Basic d3Jvbmc6Y3JlZGVudGlhbHM=' } })

  const keys = await store.list(undefined, 100)
  const documents = await Promise.all(keys.map(async key => JSON.stringify(await store.get(key))))
  const bytes = Buffer.from(base32nopad.decode(factor.secret))
  const forms = [factor.secret, ...(['hex', 'base64', 'base64url'] as const).map(encoding => bytes.toString(encoding))]
  const secrets = [...forms, encodeURIComponent(service.authToken), 'otpauth:', 'd3Jvbmc6Y3JlZGVudGlhbHM', 'not-a-code-31337']
  for (const [place, text] of [['log', log()], ['store', documents.join()]] as const) {
    t.ok(text.length > 100)
    for (const secret of secrets) t.notOk(text.toLowerCase().includes(secret.toLowerCase()), `${place}: ${secret}`)
    for (const code of used) t.notMatch(text, codeIn(code), `${place}: a code`)
  }
})
