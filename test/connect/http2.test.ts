import { once } from 'node:events'
import { connect as connectTo, createServer, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import connect from 'connect'
import t, { type Test } from 'tap'
import { authenticator } from '../authenticator.js'
import { untyped } from '../untyped.js'
import { secondFactor } from './factor.js'

/** Connect over HTTP/2, and a client of it. */
async function serve (t: Test, ...middlewares: unknown[]) {
  const streams: ServerHttp2Stream[] = []
  const app = connect()
  for (const middleware of middlewares) app.use(untyped(middleware))
  const server = createServer(untyped(app)).listen(0)
  server.on('stream', stream => { streams.push(stream) })
  await once(server, 'listening')
  const { port } = untyped(server.address()) as AddressInfo
  const client = connectTo(`http://127.0.0.1:${port}`)
  t.teardown(() => { client.close(); server.close() })

  return { ask, streams }

  async function ask (method: string, path: string, headers: OutgoingHttpHeaders, body?: string) {
    const stream = client.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    const [answer] = await once(stream, 'response')
    const told = await text(stream)
    return { status: Number(answer[':status']), told, json: () => JSON.parse(told) }
  }
}

t.test('over HTTP/2 a user enrolls, opens the vault, and answers a challenge', async t => {
  const { totp, login, now, wait } = secondFactor()
  const vault = (_request: unknown, response: { end (text: string): void }) => response.end('gold')
  const { ask } = await serve(t, totp.routes(), totp.required(), vault)
  const alice = login('alice')
  const post = async (path: string, body: object) =>
    await ask('POST', path, { ...alice, 'content-type': 'application/json' }, JSON.stringify(body))
  t.match(await ask('GET', '/vault', alice), { status: 403 })
  t.match(await ask('DELETE', '/totp/approval', alice), { status: 204 }, 'without a body')
  t.match(await ask('POST', '/totp/factors', alice, '{}'), { status: 415 }, 'with a body of no type')
  const { factor: { sid }, binding } = (await post('/totp/factors', {})).json()
  const { code } = authenticator(binding.secret)
  t.match(await post(`/totp/factors/${sid}/verify`, { code: code(now()) }), { status: 200 })
  t.match(await ask('GET', '/vault', alice), { status: 200, told: 'gold' })
  const again = login('alice')
  wait(30)
  t.match(await ask('GET', '/vault', again), { status: 401 })
  t.match(await ask('POST', '/totp/challenges', { ...again, 'content-type': 'application/json' }, JSON.stringify({
    code: code(now()), padding: 'x'.repeat(5000)
  })), { status: 413 })
  t.match(await ask('POST', '/totp/challenges', { ...again, 'content-type': 'application/json' },
    JSON.stringify({ code: code(now()) })), { status: 200 })
  t.match(await ask('GET', '/vault', again), { status: 200 })
})

t.test('over HTTP/2 a payment takes a code, after its body was read', async t => {
  const { totp, login, now, wait } = secondFactor()
  const guard = totp.required({ perRequest: true })
  const read = async (request: AsyncIterable<unknown>, _response: unknown, next: () => void) => {
    for await (const chunk of request) t.ok(chunk)
    next()
  }
  const vault = (_request: unknown, response: { end (text: string): void }) => response.end('sent')
  const early = await serve(t, totp.routes(), guard, vault)
  const { ask } = await serve(t, totp.routes(), read, guard, vault)
  const alice = login('alice')
  const post = async (path: string, body: object) =>
    await ask('POST', path, { ...alice, 'content-type': 'application/json' }, JSON.stringify(body))
  const { factor: { sid }, binding } = (await post('/totp/factors', {})).json()
  const { code } = authenticator(binding.secret)
  t.match(await post(`/totp/factors/${sid}/verify`, { code: code(now()) }), { status: 200 })
  for (const body of ['{}', undefined]) {
    wait(60)
    const headers = { ...alice, 'totp-code': code(now()) }
    if (body !== undefined) t.match(await early.ask('POST', '/payment', headers, body), { status: 500 })
    t.match(await ask('POST', '/payment', headers, body), { status: 200, told: 'sent' })
    t.match(await ask('POST', '/payment', headers, body), { status: 403 })
  }
})

t.test('over HTTP/2 the stream of a body that is too large is closed, and the connection stays', async t => {
  const { totp, login } = secondFactor()
  const { ask, streams } = await serve(t, totp.routes())
  const headers = { ...login('alice'), 'content-type': 'application/json' }
  for (let asked = 0; asked < 5; asked++) {
    t.match(await ask('POST', '/totp/factors', headers, `"${'x'.repeat(200_000)}"`), { status: 413 })
  }
  t.match(await ask('POST', '/totp/factors', headers, '{}'), { status: 201 })
  for (const stream of streams) if (!stream.closed) await once(stream, 'close')
  t.equal(streams.length, 6)
})

t.test('over HTTP/2 the host is the authority', async t => {
  const { totp, login } = secondFactor()
  const { ask } = await serve(t, totp.routes())
  const status = async (origin: string) =>
    (await ask('DELETE', '/totp/approval', { ...login('alice'), ':authority': 'app.example', origin })).status
  t.equal(await status('https://app.example'), 204)
  t.equal(await status('https://evil.example'), 403)
})

t.test('over HTTP/2, too, a method that is taken for a middleware answers an error', async t => {
  const { totp, login } = secondFactor()
  for (const method of [totp.required, totp.forget, totp.caller]) {
    const { ask } = await serve(t, method)
    t.match(await ask('GET', '/', login('alice')), { status: 500 })
  }
})
