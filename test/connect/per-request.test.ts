import { once } from 'node:events'
import t, { type Test } from 'tap'
import express from 'express'
import express4 from 'express4'
import { asking, secondFactor } from './factor.js'
import { KINDS, serve, type Handler, type Host, type Kind } from './server.js'

const MISPLACED = { status: 500, code: 'ERR_TOTP_INVALID_OPTION' }
const UNSUPPORTED = { status: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }

/** A server, and alice, who has a factor whose next code is unspent. */
async function shop (
  t: Test, kind: Kind, build: (host: Host, guard: Handler, pay: Handler) => void
) {
  const factor = secondFactor()
  const { totp, login, now, wait } = factor
  const paid: unknown[] = []
  const pay: Handler = (request, response) => {
    paid.push(request.body)
    response.end(JSON.stringify({ passage: request.totp }))
  }
  const served = await serve(t, kind, host => {
    host.use(totp.routes())
    build(host, totp.required({ perRequest: true }), pay)
  })
  const alice = login('alice')
  const app = await factor.enroll(served, alice)
  wait(60)
  const json = { ...alice, 'content-type': 'application/json' }
  return { ...factor, served, paid, alice, app, now, json, withCode: () => ({ ...json, 'totp-code': app.code(now()) }) }
}

/** A parser without a library, as a server of Node.js may have it: it reads, and passes on. */
const reader: Handler = async (request, _response, next) => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  request.body = text
  next()
}

for (const kind of KINDS) {
  const parsers: ReadonlyArray<readonly [string, Handler]> = [
    ['express.json() of Express 5', express.json() as Handler],
    ['express.json() of Express 4', express4.json() as Handler],
    ['a parser of one\'s own', reader]
  ]
  for (const [name, parser] of parsers) {
    t.test(`on ${kind}, the guard stands after ${name}`, async t => {
      const { served, paid, withCode, alice, app, now } = await shop(t, kind, (host, guard, pay) => {
        host.route('/early', guard, parser, pay)
        host.route('/payment', parser, guard, pay)
      })
      const body = JSON.stringify({ amount: 5 })
      t.match(await served.ask({ method: 'POST', path: '/early', headers: withCode(), body }), MISPLACED)
      t.match(await served.ask({ method: 'POST', path: '/early', headers: withCode(), body: ['{', '}'] }), MISPLACED)
      t.strictSame(paid, [])
      const answer = await served.ask({ method: 'POST', path: '/payment', headers: withCode(), body })
      t.equal(answer.status, 200, 'and has spent nothing before')
      t.match(answer.json().passage, { method: 'totp', factorSid: app.sid, at: now(), expiresAt: now() })
      t.match(await served.ask(asking('/payment', alice, {})), { status: 401, code: 'ERR_TOTP_CODE_REQUIRED' })
      t.equal(paid.length, 1)
    })
  }

  t.test(`on ${kind}, requests without a body need no parser`, async t => {
    const { served, withCode, app, now, wait, alice } = await shop(t, kind, (host, guard, pay) => {
      host.route('/payment', guard, pay)
    })
    const plain = () => ({ ...alice, 'totp-code': app.code(now()) })
    for (const asked of [{ method: 'POST' }, { method: 'POST', body: '' }, { method: 'DELETE' }, { method: 'GET' }, { method: 'HEAD' }]) {
      t.match(await served.ask({ ...asked, path: '/payment', headers: plain() }), { status: 200 }, asked.method)
      t.match(await served.ask({ ...asked, path: '/payment', headers: plain() }), { status: 403 }, asked.method)
      wait(60)
    }
    const answer = await served.ask({ method: 'GET', path: '/payment', headers: withCode(), body: '{}' })
    t.equal(answer.status, 200, 'no handler reads the body of a GET')
  })
}

t.test('a body that the parser refuses, or leaves alone, spends no code', async t => {
  for (const [kind, json] of [['Express 5', express.json], ['Express 4', express4.json]] as const) {
    const { served, withCode, paid, alice, app, now, logged } = await shop(t, kind, (host, guard, pay) => {
      host.use(json({ limit: 20 }) as Handler)
      host.route('/payment', guard, pay)
    })
    const send = async (body: string, headers = {}) =>
      await served.ask({ method: 'POST', path: '/payment', headers: { ...withCode(), ...headers }, body })
    t.equal((await send('{"amount":')).status, 400)
    t.equal((await send(JSON.stringify({ amount: 'far too much for this' }))).status, 413)
    logged.length = 0
    t.match(await send('amount=5', { 'content-type': 'application/x-www-form-urlencoded' }), UNSUPPORTED)
    t.match(await send('5', { 'content-type': 'text/plain' }), UNSUPPORTED)
    t.strictSame([paid, logged], [[], []], 'a client\'s mistake is not logged as a fault')
    const headers = { ...alice, 'totp-code': app.code(now()) }
    t.match(await served.ask({ method: 'POST', path: '/payment', headers, body: '5' }), UNSUPPORTED)
    t.match(await send('{"amount":5}'), { status: 200 })
  }
})

t.test('the log says where the guard has to stand', async t => {
  const { served, withCode, logged } = await shop(t, 'Express 5', (host, guard, pay) => { host.route('/payment', guard, pay) })
  t.match(await served.ask({ method: 'POST', path: '/payment', headers: withCode(), body: '{}' }), MISPLACED)
  t.ok(logged.some(line => line.includes('put it after the body parser')))
})

t.test('two headers are no code', async t => {
  const { served, paid, alice, app, now, store } = await shop(t, 'node:http', (host, guard, pay) => { host.route('/payment', guard, pay) })
  const before = await store.get('identity:alice')
  const code = app.code(now())
  for (const codes of [[code, code], ['', code], [code, '']]) {
    const socket = await served.write('POST /payment HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n' +
      `authorization: ${alice.authorization}\r\n${codes.map(code => `totp-code: ${code}\r\n`).join('')}\r\n`)
    const [answer] = await once(socket, 'data')
    t.match(String(answer), /^HTTP\/1\.1 400 .*FST_ERR_VALIDATION/s)
  }
  t.strictSame(await store.get('identity:alice'), before)
  t.strictSame(paid, [])
})

t.test('a request that breaks off before its body is complete spends no code', async t => {
  const { served, withCode, paid, alice, app, now, store } = await shop(t, 'Express 5', (host, guard, pay) => {
    host.route('/payment', express.json() as Handler, guard, pay)
  })
  const before = await store.get('identity:alice')
  const socket = await served.write('POST /payment HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
    `content-length: 20\r\nauthorization: ${alice.authorization}\r\ntotp-code: ${app.code(now())}\r\n\r\n{"amount":`)
  socket.destroy()
  await once(socket, 'close')
  // The server has heard of it before it answers the next connection.
  t.equal((await served.ask({ path: '/elsewhere' })).status, 404)
  t.strictSame(await store.get('identity:alice'), before)
  t.strictSame(paid, [])
  t.equal((await served.ask({ method: 'POST', path: '/payment', headers: withCode(), body: '{}' })).status, 200)
})
