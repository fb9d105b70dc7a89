import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { memoryStore, verifyTotp } from '../../src/index.js'
import { authenticator } from '../authenticator.js'
import { gate } from '../gate.js'
import { pay, payments, withCode } from '../paying.js'
import { KEY, site, START } from '../site.js'

const CODE_REQUIRED = { status: 403, code: 'ERR_TOTP_CODE_REQUIRED' }
const MISPLACED = { status: 500, code: 'ERR_TOTP_INVALID_OPTION' }

/** Alice has a factor, whose next code is unspent. */
async function shop (t: Test, routes: (app: FastifyInstance) => unknown) {
  const lines: string[] = []
  const log = (line: string) => { lines.push(line) }
  const built = await site(t, { routes: async app => { await routes(app) }, log })
  const alice = await built.login('alice')
  const phone = await alice.enrollVerified(built.now())
  built.wait(60)
  return { ...built, alice, phone, lines }
}

t.test('before the body was validated the guard is an error, and spends no code', async t => {
  const phases = ['onRequest', 'preParsing', 'preValidation'] as const
  const { alice, phone, now, lines, visitor } = await shop(t, async app => {
    for (const phase of phases) {
      app.post(`/${phase}`, { [phase]: app.totp.required({ perRequest: true }) }, async () => ({}))
      app.get(`/${phase}`, { [phase]: app.totp.required({ perRequest: true }) }, async () => ({}))
      await app.register(async scope => {
        scope.addHook(phase as 'onRequest', scope.totp.required({ perRequest: true }))
        scope.post(`/scope/${phase}`, async () => ({}))
      })
    }
    app.post('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async () => ({}))
  })
  const headers = withCode(phone.code(now()))
  for (const phase of phases) {
    t.match(await alice.request('POST', `/${phase}`, {}, headers), MISPLACED, phase)
    t.match(await alice.request('GET', `/${phase}`, undefined, headers), MISPLACED, phase)
    t.match(await alice.request('POST', `/scope/${phase}`, {}, headers), MISPLACED, phase)
    t.match(await alice.request('POST', `/${phase}`, {}), MISPLACED, phase)
    t.match(await visitor().request('POST', `/${phase}`, {}, headers), MISPLACED, phase)
  }
  t.ok(lines.some(line => line.includes('a guard with perRequest must run as preHandler')), 'the log says why')
  t.match(await pay(alice, phone.code(now())), { status: 200 })
})

t.test('a body that validation or the parser refuses spends no code', async t => {
  const { made, routes } = payments()
  const { alice, phone, now, store } = await shop(t, app => {
    routes(app)
    const body = { type: 'object', required: ['to'], properties: { to: { type: 'string' } } }
    const preHandler = app.totp.required({ perRequest: true })
    const querystring = { type: 'object', required: ['q'] }
    app.post('/checked', { preHandler, schema: { body, querystring } }, async () => ({}))
    app.post('/small', { preHandler, bodyLimit: 10 }, async () => ({}))
    app.post('/attached', { schema: { body }, attachValidation: true }, async (request, reply) => {
      if (request.validationError !== undefined) return await reply.code(422).send({})
      await preHandler(request, reply)
      return { passage: request.totp }
    })
  })
  const before = await store.get('identity:alice')
  const headers = withCode(phone.code(now()))
  const malformed = { status: 400, code: 'FST_ERR_VALIDATION' }
  t.match(await alice.request('POST', '/checked?q=1', { from: 'me' }, headers), malformed)
  t.match(await alice.request('POST', '/checked', { to: 'bob' }, headers), malformed)
  t.match(await alice.request('POST', '/checked?q=1', '{"to":', headers), { status: 400 })
  t.match(await alice.request('POST', '/small', { to: 'somebody else' }, headers), { status: 413 })
  t.match(await alice.request('POST', '/checked?q=1', 'to=bob', { ...headers, 'content-type': 'text/x' }), { status: 415 })
  t.match(await alice.request('POST', '/attached', {}, headers), { status: 422 })
  t.strictSame(await store.get('identity:alice'), before)
  const answer = await alice.request('POST', '/attached', { to: 'bob' }, headers)
  t.match(answer, { status: 200 })
  t.match(answer.json().passage, { method: 'totp' }, 'a handler may call the guard itself')
  t.strictSame(made, [])
})

t.test('a body that its parser leaves to the handler is read before the code is judged', async t => {
  const read: string[] = []
  const { app, alice, phone, now, lines, store } = await shop(t, app => {
    const takeCode = app.totp.required({ perRequest: true })
    // As @fastify/multipart has it.
    app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => { done(null) })
    app.post('/payment', { preHandler: takeCode }, async () => { read.push('nothing') })
    app.post('/upload', async (request, reply) => {
      let text = ''
      for await (const chunk of request.raw) text += String(chunk)
      await takeCode(request, reply)
      read.push(text)
      return {}
    })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const before = await store.get('identity:alice')
  const send = async (path: string) => await fetch(new URL(path, app.listeningOrigin), {
    method: 'POST',
    headers: { ...withCode(phone.code(now())), cookie: alice.cookieHeader(), 'content-type': 'multipart/form-data' },
    body: 'amount=5'
  })
  t.match(await (await send('/payment')).json(), { statusCode: 500, code: MISPLACED.code })
  t.ok(lines.some(line => line.includes('a body that no parser has read')), 'the log says why')
  t.strictSame([read, await store.get('identity:alice')], [[], before])
  t.equal((await send('/upload')).status, 200)
  t.strictSame(read, ['amount=5'])
})

t.test('over HTTP/2 a body that no parser gets is none, and any other is read first', async t => {
  let time = START
  const app = Fastify({ http2: true })
  t.teardown(async () => await app.close())
  await app.register(verifyTotp, {
    issuer: 'Acme',
    keys: [KEY],
    store: memoryStore(),
    identify: () => 'alice',
    session: { read: () => null, write: () => {} },
    clock: () => time
  })
  app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => { done(null) })
  app.post('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async ({ body }) => ({ body }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const operator = { identity: 'alice', operator: true } as const
  const { factor, secret } = await app.totp.enroll(operator, { friendlyName: 'Phone' })
  const phone = authenticator(secret)
  await app.totp.verify(operator, factor.sid, phone.code(time))
  const client = connectHttp2(app.listeningOrigin)
  t.teardown(() => client.close())
  const send = async (type?: string, body?: string) => {
    const headers = type === undefined ? {} : { 'content-type': type }
    const sent = { ':method': 'POST', ':path': '/payment', ...headers, ...withCode(phone.code(time)) }
    const stream = client.request(sent, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    const [answered] = await once(stream, 'response')
    stream.resume()
    return answered[':status']
  }
  time += 60
  t.equal(await send('multipart/form-data', 'amount=5'), 500)
  for (const sent of [[], [undefined, ''], ['application/json', '{"amount":5}']]) {
    t.equal(await send(...sent), 200, JSON.stringify(sent))
    time += 60
  }
})

t.test('a guard over a scope, beside one that asks for an approval', async t => {
  const { alice, phone, now, login } = await shop(t, async app => {
    await app.register(async scope => {
      scope.addHook('preHandler', scope.totp.required())
      scope.addHook('preHandler', scope.totp.required({ perRequest: true }))
      scope.post('/payment', async request => ({ passage: request.totp }))
    })
  })
  const other = await login('alice')
  t.match(await pay(other, phone.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await pay(alice), CODE_REQUIRED)
  const answer = await pay(alice, phone.code(now()))
  t.match(answer, { status: 200 })
  t.match(answer.json().passage, { at: now(), expiresAt: now() })
})

t.test('the guard judges in a server without sessions, too', async t => {
  let time = START
  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(verifyTotp, {
    issuer: 'Acme',
    keys: [KEY],
    store: memoryStore(),
    identify: request => String(request.headers['x-user']),
    session: { read: () => null, write: () => {} },
    clock: () => time
  })
  app.post('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async () => ({}))
  const operator = { identity: 'alice', operator: true } as const
  const { factor, secret } = await app.totp.enroll(operator, { friendlyName: 'Phone' })
  const phone = authenticator(secret)
  await app.totp.verify(operator, factor.sid, phone.code(time))
  time += 60
  const headers = { 'x-user': 'alice', ...withCode(phone.code(time)) }
  const send = async () => await app.inject({ method: 'POST', url: '/payment', headers })
  t.equal((await send()).statusCode, 200)
  t.equal((await send()).statusCode, 403)
})

t.test('a request that breaks off before its body is complete spends no code', async t => {
  const { made, routes } = payments()
  const { app, alice, phone, now, store } = await shop(t, routes)
  const before = await store.get('identity:alice')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = new URL(app.listeningOrigin)
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST /payment HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 20\r\n' +
    `cookie: ${alice.cookieHeader()}\r\ntotp-code: ${phone.code(now())}\r\n\r\n{"amount":`)
  await turn()
  socket.destroy()
  await once(socket, 'close')
  await turn()
  t.strictSame(await store.get('identity:alice'), before)
  t.strictSame(made, [])
  t.match(await pay(alice, phone.code(now())), { status: 200 })
})

t.test('a slow body is judged when it is there', async t => {
  const [arrived, held] = [gate(), gate()]
  const { made, routes } = payments()
  const { login, now, wait } = await site(t, {
    routes,
    holdBody: async ({ url }) => {
      if (url !== '/payment') return
      arrived.open()
      await held.passed
    }
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  const code = phone.code(now())
  const paying = pay(alice, code)
  await arrived.passed
  t.match(await alice.copy().challenge(code), { status: 200 }, 'the code is not spent yet')
  held.open()
  t.match(await paying, { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.strictSame(made, [])
})

t.test('a code that let one user pass lets no other pass in the same request', async t => {
  const people = ['alice', 'mallory']
  const asked: string[] = []
  const { app, login, now, wait } = await site(t, {
    totp: {
      identify: request => {
        if (request.headers['x-switch'] === undefined) return request.session.userId
        asked.push(request.url)
        return people[asked.length - 1]
      }
    },
    routes: app => {
      const twice = [app.totp.required({ perRequest: true }), app.totp.required({ perRequest: true })]
      app.post('/payment', { preHandler: twice }, async () => ({}))
    }
  })
  const phone = await (await login('alice')).enrollVerified(now())
  await (await login('mallory')).enrollVerified(now())
  wait(60)
  const headers = { 'x-switch': 'yes', ...withCode(phone.code(now())) }
  const { statusCode } = await app.inject({ method: 'POST', url: '/payment', headers })
  t.equal(asked.length, 2)
  t.equal(statusCode, 403)
})
