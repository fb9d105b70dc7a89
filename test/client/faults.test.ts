import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { createTotpClient } from '../../src/client.js'
import { listen } from '../connect/server.js'

/** A client of a server that answers as it is told. */
async function answered (t: Test, answer: (response: ServerResponse) => unknown) {
  const { port } = await listen(t, (_request: unknown, response: ServerResponse) => answer(response))
  return createTotpClient({ prefix: `http://127.0.0.1:${port}/totp` })
}

const json = { 'content-type': 'application/json' }
const html = { 'content-type': 'text/html' }

t.test('an answer that isn\'t from the endpoints is a value too', async t => {
  const page = await answered(t, response => response.writeHead(200, html).end('<h1>Log in</h1>'))
  t.match(await page.factors(), { ok: false, error: { code: 'ERR_TOTP_ANSWER', status: 200 } })
  t.match(await page.withdraw(), { ok: false, error: { code: 'ERR_TOTP_ANSWER', status: 200 } })
  const proxy = await answered(t, response => response.writeHead(503, { ...html, 'retry-after': '7' }).end('<h1>Sorry</h1>'))
  t.match(await proxy.challenge({ code: '123456' }),
    { ok: false, error: { code: 'ERR_TOTP_ANSWER', status: 503, message: 'HTTP 503', retryAfter: 7 } })
  const dated = await answered(t, response => response.writeHead(429, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }).end())
  t.match(await dated.factors(), { ok: false, error: { code: 'ERR_TOTP_ANSWER', retryAfter: null } })
  const store = await answered(t, response => response.writeHead(503, json).end('{"code":"ERR_TOTP_STORE","message":"x"}'))
  t.match(await store.factors(), { ok: false, error: { code: 'ERR_TOTP_STORE', status: 503, message: 'x', retryAfter: null } })
  for (const body of ['null', '[]', '7', '{"approved":true}', '{', '{"factors":null}']) {
    const other = await answered(t, response => response.writeHead(200, json).end(body))
    t.match(await other.factors(), { ok: false, error: { code: 'ERR_TOTP_ANSWER', status: 200 } }, body)
  }
})

t.test('an empty answer is one of the endpoints that delete, and of no other', async t => {
  const empty = await answered(t, response => response.writeHead(204).end())
  t.same(await empty.remove('YF1'), { ok: true })
  for (const result of [await empty.factors(), await empty.challenge({ code: '123456' })]) {
    t.match(result, { ok: false, error: { code: 'ERR_TOTP_ANSWER', status: 204 } })
  }
})

t.test('a code or a message that is no text is none', async t => {
  for (const value of ['7', 'null', '["ERR_TOTP_LOCKED"]', '{"toString":1,"valueOf":1}']) {
    const odd = await answered(t, response => response.writeHead(400, json).end(`{"code":${value},"message":${value}}`))
    t.match(await odd.factors(), { ok: false, error: { code: 'ERR_TOTP_ANSWER', message: 'HTTP 400' } }, value)
  }
})

t.test('a fetch that throws at once is a request without an answer', async t => {
  const totp = createTotpClient({ fetch () { throw new Error('offline') } })
  t.match(await totp.factors(), { ok: false, error: { code: 'ERR_TOTP_NETWORK', cause: { message: 'offline' } } })
})

t.test('no sid leads to another endpoint, or is refused by the client', async t => {
  const paths: string[] = []
  const { port } = await listen(t, (request: { url: string }, response: ServerResponse) => {
    paths.push(request.url)
    response.writeHead(404, json).end('{"code":"ERR_TOTP_FACTOR_NOT_FOUND"}')
  })
  const totp = createTotpClient({ prefix: `http://127.0.0.1:${port}/totp` })
  for (const sid of ['', '.', '..', '../browsers', 'a/b?c#d', '\ud800']) {
    t.match(await totp.forgetBrowser(sid), { ok: false, error: { status: 404 } })
    t.match(await totp.remove(sid), { ok: false, error: { status: 404 } })
    t.match(await totp.verify(sid, '123456'), { ok: false, error: { status: 404 } })
    const found = paths.splice(0).map(path => /^\/totp\/(browsers|factors)\/[\w-]+(\/verify)?$/.exec(path)?.[1])
    t.same(found, ['browsers', 'factors', 'factors'], JSON.stringify(sid))
  }
  await totp.forgetBrowser('current')
  await totp.remove(`YF${'0'.repeat(32)}`)
  t.same(paths, ['/totp/browsers/current', `/totp/factors/YF${'0'.repeat(32)}`])
})

t.test('a redirect is not followed, because the code would go along', async t => {
  const asked: string[] = []
  const { port } = await listen(t, (request: { url: string }, response: ServerResponse) => {
    asked.push(request.url)
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  const totp = createTotpClient({ prefix: `http://127.0.0.1:${port}/totp` })
  t.match(await totp.challenge({ code: '123456' }), { ok: false, error: { code: 'ERR_TOTP_NETWORK', status: 0, cause: Error } })
  t.same(asked, ['/totp/challenges'])
})

t.test('a request without an answer is a value, and only the caller\'s own abort rejects', async t => {
  const cut = await answered(t, response => response.destroy())
  t.match(await cut.factors(), { ok: false, error: { code: 'ERR_TOTP_NETWORK', status: 0, retryAfter: null, cause: Error } })
  const half = await answered(t, response => {
    response.writeHead(200, { ...json, 'content-length': 100 }).write('{"factors"')
    setImmediate(() => response.destroy())
  })
  t.match(await half.factors(), { ok: false, error: { code: 'ERR_TOTP_NETWORK' } })

  const begun = new EventTarget()
  const late = await answered(t, () => begun.dispatchEvent(new Event('begun')))
  const controller = new AbortController()
  const waiting = late.factors({ signal: controller.signal })
  await once(begun, 'begun')
  controller.abort(new Error('enough'))
  await t.rejects(waiting, { message: 'enough' })
  await t.rejects(late.factors({ signal: controller.signal }), { message: 'enough' })
})
