import Fastify from 'fastify'
import t from 'tap'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { InvalidOptionError, memoryStore } from '../../src/index.js'
import { verifyApi, type VerifyApiOptions, type VerifyDocument } from '../../src/verify-api.js'
import byDefault from '../../src/verify-api.js'
import { KEY } from '../site.js'
import { untyped } from '../untyped.js'
import { enrollVerified } from './enrolled.js'
import { ACCOUNT_SID, AUTH_TOKEN, requester, standIn } from './stand-in.js'

const API_KEY = { sid: `SK${'0a'.repeat(16)}`, secret: 'a secret of an API key, and long enough' }

t.test('only the auth token and the API keys of the account are accepted', async t => {
  const { baseUrl, serviceSid, accountSid, authToken } = await standIn(t, { apiKeys: [API_KEY] })
  const statusFor = async (user: string, password: string) =>
    (await requester(`${baseUrl}/v2`, user, password)(`/Services/${serviceSid}`)).status
  t.equal(await statusFor(accountSid, authToken), 200)
  t.equal(await statusFor(API_KEY.sid, API_KEY.secret), 200)
  for (const [user, password] of [
    [accountSid, API_KEY.secret], [API_KEY.sid, authToken], [accountSid, ''], ['', ''], ['', authToken],
    [accountSid, authToken.slice(0, -1)], [accountSid, `${authToken}x`], [accountSid, `${authToken}:`],
    [`${accountSid}:`, authToken], [accountSid.toLowerCase(), authToken], [accountSid, authToken.toUpperCase()]
  ] as const) t.equal(await statusFor(user, password), 401, `${user}:${password}`)

  const right = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
  const hash = createHash('sha256').update(`${accountSid}:${authToken}`).digest('base64')
  const statusWith = async (authorization: string) =>
    (await fetch(`${baseUrl}/v2/Services`, { headers: { authorization } })).status
  t.equal(await statusWith(`basic  ${right}`), 200)
  for (const header of [right, `Bearer ${right}`, `Basic${right}`, `Basic ${hash}`, 'Basic', 'Basic !', `Basic ${right} x`]) {
    t.equal(await statusWith(header), 401, header)
  }
})

t.test('the credentials are checked before anything else', async t => {
  let reads = 0
  const store = memoryStore<VerifyDocument>()
  const { baseUrl, serviceSid } = await standIn(t, {
    store: {
      ...store,
      async get (key) {
        reads++
        return await store.get(key)
      }
    }
  })
  const before = reads
  for (const path of ['', '/Nothing', '/Services', `/Services/${serviceSid}`, `/Services/${serviceSid}/Webhooks`]) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const body = method === 'POST' ? { body: '{', headers: { 'content-type': 'application/json' } } : {}
      const { status } = await fetch(`${baseUrl}/v2${path}`, { method, ...body })
      t.equal(status, 401, `${method} ${path}`)
    }
  }
  t.equal(reads, before)
})

t.test('the setup of the host does not affect the stand-in, nor the stand-in the host', async t => {
  const service = await standIn(t, {
    prefix: '/twilio',
    host (app) {
      app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _payload, done) => done(null, { FriendlyName: 'host' }))
      app.setValidatorCompiler(() => () => ({ error: new Error('the host refuses everything') }))
      app.setSerializerCompiler(() => () => 'the host')
      app.setReplySerializer(() => 'the host')
      app.addHook('preSerialization', async () => ({ host: true }))
      app.setErrorHandler(async () => 'the host')
      app.setNotFoundHandler(async () => 'the host')
      app.post('/own', async () => ({}))
    }
  })
  const factor = await enrollVerified(service)
  const { body } = await factor.challenge(factor.code(service.now()))
  t.equal(body.status, 'approved')
  t.equal(body.url, `${service.baseUrl}/v2${factor.entity}/Challenges/${body.sid}`)
  t.match((await service.fetch('/Nothing')).body, { code: 20404, message: 'The requested resource /v2/Nothing was not found' })
  const { baseUrl } = service
  t.equal(await (await fetch(baseUrl.replace('/twilio', '/elsewhere'))).text(), 'the host')
  t.equal(await (await fetch(baseUrl.replace('/twilio', '/own'), { method: 'POST' })).text(), 'the host')

  const page = await service.client.verify.v2.services.list({ pageSize: 1 })
  t.equal(page.length, 1)
})

t.test('URLs have the origin of the request, or the configured one', async t => {
  const one = await standIn(t)
  t.ok((await one.fetch('/Services')).body.meta.url.startsWith(`${one.baseUrl}/v2/Services?`))
  const authorization = `Basic ${Buffer.from(`${one.accountSid}:${one.authToken}`).toString('base64')}`
  const answerTo = async (lines: string) => {
    const socket = connect(Number(new URL(one.baseUrl).port), '127.0.0.1')
    socket.end(`GET /v2/Services ${lines}\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`)
    return await text(socket)
  }
  for (const [host, origin] of [
    ['verify.example', 'http://verify.example'], ['Verify.example:80', 'http://verify.example'],
    ['verify.example:8080', 'http://verify.example:8080'], ['[::1]:8080', 'http://[::1]:8080']
  ] as const) {
    t.match(await answerTo(`HTTP/1.1\r\nHost: ${host}`), `"url":"${origin}/v2/Services?PageSize=50&Page=0"`, host)
  }
  const local = one.baseUrl.replace('127.0.0.1', 'localhost')
  t.match(await answerTo('HTTP/1.0'), `"url":"${local}/v2/Services?PageSize=50&Page=0"`)
  for (const lines of ['HTTP/1.1\r\nHost: evil.example/x?y=', 'HTTP/1.1\r\nHost: a:b:c', 'HTTP/1.1\r\nHost: 1.2.3.4.5']) {
    t.match(await answerTo(lines), /^HTTP\/1\.1 400 .*"code":60306/s, lines)
  }
  const two = await standIn(t, { baseUrl: 'https://verify.example', prefix: '/at' })
  const { body: { services, meta } } = await two.fetch('/Services')
  t.equal(services[0].url, `https://verify.example/at/v2/Services/${two.serviceSid}`)
  t.equal(meta.first_page_url, 'https://verify.example/at/v2/Services?PageSize=50&Page=0')
})

t.test('invalid options stop the boot, and the error names them', async t => {
  const good: VerifyApiOptions = {
    store: memoryStore<VerifyDocument>(), keys: [KEY], accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN
  }
  const boot = async (options: object) => {
    const app = Fastify()
    t.after(async () => await app.close())
    await app.register(byDefault, untyped({ ...good, ...options }))
  }
  await boot({})
  await boot({ apiKeys: [API_KEY], baseUrl: 'https://verify.example', clock: () => 1, timeout: 60, logLevel: 'silent' })
  const { list, ...rest } = memoryStore<VerifyDocument>()
  t.ok(list)
  const wrong: ReadonlyArray<readonly [string, ...unknown[]]> = [
    ['store', undefined, {}, rest, null],
    ['keys', undefined, [], [KEY, KEY], [KEY.subarray(1)], 'x'.repeat(32)],
    ['accountSid', undefined, '', 'AC', `SK${'0'.repeat(32)}`, `${ACCOUNT_SID}\n`, 1],
    ['authToken', undefined, '', 'x'.repeat(31), '\ud800'.repeat(32), 32],
    ['apiKeys', {}, [{}], [null], [{ ...API_KEY, sid: ACCOUNT_SID }], [{ ...API_KEY, secret: 'short' }], [API_KEY.sid]],
    ['baseUrl', '', 'verify.example', 'https://verify.example/', 'ftp://verify.example', 1],
    ['timeout', 0, 61, '5', NaN],
    ['clock', 1, () => Date.now(), () => 'x'],
    ['authtoken', AUTH_TOKEN]
  ]
  for (const [option, ...values] of wrong) {
    for (const value of values) {
      const error = await boot({ [option]: value }).then(() => null, (error: unknown) => error)
      t.ok(error instanceof InvalidOptionError, option)
      t.match(error, { message: new RegExp(`option "${option}"`) })
    }
  }
  t.equal(byDefault, verifyApi)
})
