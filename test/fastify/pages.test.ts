import { once } from 'node:events'
import { Agent, request, type OutgoingHttpHeaders } from 'node:http'
import { connect, type ServerHttp2Stream } from 'node:http2'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { memoryStore, verifyTotp } from '../../src/index.js'
import { KEY, site } from '../site.js'

const pages = { brand: { name: 'Acme' } }
const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

t.test('a guard over the scope of the plugin lets the pages pass', async t => {
  const { login } = await site(t, {
    totp: { pages },
    host: app => {
      app.addHook('onRequest', async (request, reply) => {
        if (!request.url.startsWith('/log')) await app.totp.required()(request, reply)
      })
    }
  })
  const alice = await login('alice')
  t.match(await alice.vault(), { status: 403 })
  for (const path of ['/totp', '/totp/', '/totp/enroll', '/totp/recover']) t.equal((await alice.get(path)).status, 200, path)
  t.equal((await alice.request('POST', '/totp/recover', 'code=1', FORM)).status, 303)
})

t.test('without the routes the pages remain', async t => {
  const { login } = await site(t, { totp: { pages, routes: false } })
  const alice = await login('alice')
  t.match(await alice.get('/totp/'), { status: 200, text: /^<!doctype html>/ })
  t.equal((await alice.get('/totp/factors')).status, 404)
})

/** A server whose plugin is in a scope of this prefix. */
async function below (t: Test, prefix: string, more: { readonly at?: string } = {}) {
  const app = Fastify()
  t.teardown(async () => await app.close())
  const session = { read: () => null, write: () => {} }
  const store = memoryStore()
  const options = { issuer: 'Acme', keys: [KEY], store, identify: () => 'alice', session, prefix: '/second' }
  await app.register(async scope => {
    await scope.register(verifyTotp, { ...options, pages: { ...pages, ...more } })
  }, { prefix })
  return app
}

t.test('below a prefix of the host the pages know their path', async t => {
  for (const [prefix, at] of [['/app', '/app/second'], ['/app/', '/app/second'], ['/', '/second']] as const) {
    const app = await below(t, prefix)
    const page = await app.inject(`${at}/`)
    t.equal(page.statusCode, 200, prefix)
    t.match(page.payload, `href="${at}/enroll"`)
    const answer = await app.inject({ method: 'POST', url: `${at}/recover`, headers: FORM, payload: 'code=1' })
    t.equal(answer.headers.location, `${at}/recover?problem=malformed`)
  }
})

t.test('below a prefix that is no path for a browser, the pages have to be told theirs', async t => {
  for (const prefix of ['/:tenant', '/商店', '/a b']) {
    await t.rejects(below(t, prefix), { message: /"pages\.at" must be set/ })
    const app = await below(t, prefix, { at: '/shop/second' })
    const page = await app.inject('/x/second/')
    t.equal(page.statusCode, prefix === '/:tenant' ? 200 : 404)
    if (prefix === '/:tenant') t.match(page.payload, 'href="/shop/second/enroll"')
  }
})

t.test('the parsers of the host don\'t reach the pages, nor theirs the host', async t => {
  let parsed = 0
  const { app, login } = await site(t, {
    totp: { pages },
    host: app => {
      app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, _body, done) => {
        parsed++
        done(null, { host: true })
      })
    },
    routes: app => { app.post('/form', async request => request.body) }
  })
  const alice = await login('alice')
  t.equal((await alice.request('POST', '/totp/recover', 'code=1', FORM)).headers['location'], '/totp/recover?problem=malformed')
  t.equal(parsed, 0)
  t.match((await alice.request('POST', '/form', 'code=1', FORM)).json(), { host: true })
  t.equal((await app.inject({ method: 'POST', url: '/form', headers: { 'content-type': 'text/x' }, payload: 'x' })).statusCode, 415)
})

t.test('a host that logs less of the routes logs less of the pages', async t => {
  const lines: string[] = []
  const { login } = await site(t, { totp: { pages, logLevel: 'silent' }, log: line => { lines.push(line) } })
  const alice = await login('alice')
  lines.length = 0
  await alice.get('/totp/')
  t.strictSame(lines.filter(line => line.includes('"url":"/totp/"')), [])
})

t.test('over HTTP/2 a form that is too large is told without a header of HTTP/1', async t => {
  const app = Fastify({ http2: true })
  const session = { read: () => null, write: () => {} }
  await app.register(verifyTotp, { issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice', session, pages })
  const streams: ServerHttp2Stream[] = []
  app.server.on('stream', stream => { streams.push(stream) })
  const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(async () => {
    client.close()
    await app.close()
  })
  const warnings: Error[] = []
  const note = (warning: Error) => { warnings.push(warning) }
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const stream = client.request({ ...FORM, ':method': 'POST', ':path': '/totp/recover' })
  stream.end(`code=${'x'.repeat(200_000)}`)
  const [headers] = await once(stream, 'response')
  t.match(headers, { ':status': 413 })
  t.equal(headers['connection'], undefined)
  t.strictSame(warnings, [])
  t.match(await text(stream), /^<!doctype html>/)
  for (const stream of streams) if (!stream.closed) await once(stream, 'close')
  t.equal(streams.length, 1)
})

t.test('a form that is refused for its sender, and is too large, holds nothing up', { timeout: 30_000 }, async t => {
  const { app, login, visitor } = await site(t, { totp: { pages } })
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const alice = await login('alice')
  const senders = [
    { ...FORM, 'sec-fetch-site': 'cross-site', cookie: alice.cookieHeader() },
    { ...FORM, cookie: visitor().cookieHeader() }
  ]
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => { agent.destroy() })
  const ask = async (method: string, headers: OutgoingHttpHeaders, body?: string) => {
    const asked = request({ agent, port, method, path: '/totp/recover', headers }).end(body)
    const [answer] = await once(asked, 'response')
    await text(answer)
    return answer.statusCode
  }
  for (const [index, headers] of senders.entries()) {
    t.equal(await ask('POST', headers, `code=${'x'.repeat(200_000)}`), [403, 401][index])
    t.equal(await ask('GET', { cookie: alice.cookieHeader() }), 200, 'the next request is answered')
  }
})

t.test('a hook of the host may listen to the body of a form, too', async t => {
  const heard: Buffer[] = []
  const { login } = await site(t, {
    totp: { pages },
    host: app => {
      app.addHook('preParsing', (_request, _reply, payload, done) => {
        payload.on('data', (chunk: Buffer) => { heard.push(chunk) })
        done(null, payload)
      })
    }
  })
  const alice = await login('alice')
  heard.length = 0
  const answer = await alice.request('POST', '/totp/recover', 'code=1', FORM)
  t.match(answer, { status: 303, headers: { location: '/totp/recover?problem=malformed' } })
  t.equal(String(Buffer.concat(heard)), 'code=1')
})
