import express from 'express'
import t from 'tap'
import { secondFactor } from './factor.js'
import { KINDS, serve, type Handler, type Kind, type Served } from './server.js'
import { untyped } from '../untyped.js'

const pages = { brand: { name: 'Acme' } }
const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

async function post (served: Served, path: string, headers: object, body: string | readonly string[]) {
  return await served.ask({ method: 'POST', path, headers: { ...FORM, ...headers }, body })
}

for (const kind of KINDS) {
  t.test(`the pages alone, without the endpoints, on ${kind}`, async t => {
    const { totp, login } = secondFactor({ pages })
    const served = await serve(t, kind, host => host.use(totp.pages()))
    const headers = login('alice')
    t.match(await served.ask({ path: '/totp/', headers }), { status: 200, text: /^<!doctype html>/ })
    for (const path of ['/totp/factors', '/totp/nothing', '/elsewhere', '/']) {
      t.equal((await served.ask({ path, headers })).status, 404, path)
    }
    const head = await served.ask({ method: 'HEAD', path: '/totp/enroll', headers })
    t.strictSame([head.status, head.text], [200, ''])
    t.ok(Number(head.headers['content-length']) > 0)
  })

  t.test(`a form that a parser has read in front is taken, on ${kind}`, async t => {
    const { totp, login } = secondFactor({ pages })
    const parser: Handler = untyped(express.urlencoded({ extended: true }))
    const served = await serve(t, kind, host => host.use(parser, totp.routes()))
    const headers = login('alice')
    t.match(await post(served, '/totp/recover', headers, 'code=1'), { status: 303, headers: { location: '/totp/recover?problem=malformed' } })
    t.match(await post(served, '/totp/recover', headers, 'code=1&code=2'), { status: 400, text: /^<!doctype html>/ })
    t.match(await post(served, '/totp/recover', headers, 'code[a]=1'), { status: 400 })
    t.equal((await post(served, '/totp/recover', headers, `code=${'x'.repeat(4096)}`)).status, 413)
  })
}

t.test('a body in chunks is read to its limit', async t => {
  const { totp, login } = secondFactor({ pages })
  const served = await serve(t, 'node:http', host => host.use(totp.routes()))
  const headers = login('alice')
  t.equal((await post(served, '/totp/recover', headers, ['code=', '1'])).status, 303)
  const kept = { ...headers, connection: 'keep-alive' }
  const large = await post(served, '/totp/recover', kept, ['code=', 'x'.repeat(4000), 'x'.repeat(4000)])
  t.match(large, { status: 413, text: /^<!doctype html>/, headers: { connection: 'close' } })
})

t.test('a parser that kept nothing is a fault of the server', async t => {
  const { totp, login, logged } = secondFactor({ pages })
  const eater: Handler = (request, _response, next) => { request.on('end', () => next()).resume() }
  const served = await serve(t, 'Express 5', host => host.use(eater, totp.routes()))
  t.match(await post(served, '/totp/recover', login('alice'), 'code=1'), { status: 500, text: /^<!doctype html>/ })
  t.match(logged.join(), /totp.pages\(\) finds no body/)
})

t.test('in a mounted app the pages need their whole path, and the log says so once', async t => {
  for (const kind of ['Express 5', 'Express 4', 'Connect'] as const) {
    const { totp, login, logged } = secondFactor({ pages })
    const served = await serve(t, kind, host => host.use('/app', totp.routes()))
    const headers = login('alice')
    t.equal((await served.ask({ path: '/app/totp/', headers })).status, 200, kind)
    await served.ask({ path: '/app/totp/enroll', headers })
    t.match(logged, [/mounted at \/app: set the option pages\.at to '\/app\/totp'/])
    t.equal(logged.length, 1)

    const told = secondFactor({ pages: { ...pages, at: '/app/totp' } })
    const whole = await serve(t, kind, host => host.use('/app', told.totp.routes()))
    const alice = told.login('alice')
    t.match(await whole.ask({ path: '/app/totp/', headers: alice }), { text: /href="\/app\/totp\/enroll"/ })
    const answer = await post(whole, '/app/totp/recover', alice, 'code=1')
    t.equal(answer.headers['location'], '/app/totp/recover?problem=malformed')
    t.strictSame(told.logged, [])
  }
})

t.test('without a framework, what is no page is answered by the pages themselves', async t => {
  const { totp, login, logged } = secondFactor({ pages })
  const middleware = totp.pages()
  const served = await serve(t, 'node:http', host => host.use((request, response) => middleware(request, response)))
  const headers = login('alice')
  t.match(await served.ask({ path: '/totp/', headers }), { status: 200 })
  t.match(await served.ask({ path: '/totp/nothing', headers }), { status: 404, text: /"Not Found"/ })
  t.match(await served.ask({ path: '/elsewhere', headers }), { status: 404 })
  t.strictSame(logged, [])
})

t.test('a page comes too late for an answer that was begun, and ends it', async t => {
  const { totp, login, logged } = secondFactor({ pages })
  const begin: Handler = (_request, response, next) => { response.write('begun'); next() }
  const served = await serve(t, 'node:http', host => host.use(begin, totp.pages()))
  await t.rejects(served.ask({ path: '/totp/', headers: login('alice') }))
  t.strictSame(logged, [])
})

t.test('a path that a middleware in front has rewritten is no mount', async t => {
  const { totp, login, logged } = secondFactor({ pages })
  const rewrite: Handler = (request, _response, next) => { request.url = '/totp/'; next() }
  const served = await serve(t, 'Express 5', host => host.use(rewrite, totp.pages()))
  t.match(await served.ask({ path: '/account', headers: login('alice') }), { status: 200 })
  t.strictSame(logged, [])
})

t.test('what the pages pass on may fail, and is refused', async t => {
  const { totp, login, logged } = secondFactor({ pages })
  const broken: Handler = () => { throw new Error('the host failed') }
  const served = await serve(t, 'node:http', host => host.use(totp.pages(), broken))
  t.equal((await served.ask({ path: '/totp/nothing', headers: login('alice') })).status, 500)
  t.match(logged.join(), /the host failed/)
})

t.test('a session that is missing is a fault of the server, not of the user', async t => {
  const { totp, logged } = secondFactor({ pages })
  const served = await serve(t, 'node:http', host => host.use(totp.pages()))
  t.match(await served.ask({ path: '/totp/' }), { status: 401, text: /^<!doctype html>/ })
  t.strictSame(logged, [])
})

t.test('totp.pages itself is no middleware', async t => {
  const { totp, logged } = secondFactor({ pages })
  const kinds: readonly Kind[] = ['Express 5', 'node:http']
  for (const kind of kinds) {
    const served = await serve(t, kind, host => host.use(untyped(totp.pages)))
    t.equal((await served.ask({ path: '/totp/' })).status, 500, kind)
  }
  t.match(logged.join(), /not totp\.pages itself/)
})
