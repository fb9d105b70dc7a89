import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import express from 'express'
import express4 from 'express4'
import t, { type Test } from 'tap'
import { gate } from '../gate.js'
import { untyped } from '../untyped.js'
import { secondFactor, type Headers, type SecondFactor } from './factor.js'
import { KINDS, serve, type Asked, type Handler, type Kind, type Served } from './server.js'

const JSON_TYPE = { 'content-type': 'application/json' }
const NAMED = '{"friendlyName":"Phone"}'
const ENROLL = { method: 'POST', path: '/totp/factors' }
const PADDED = NAMED.padEnd(5000)
const SHORTER = NAMED.padEnd(4096)

interface Case extends Partial<Asked> {
  /** The status, the code if it is an error, and whether the name in the body was read. */
  readonly expected: Outcome
  /** Where a parser of the host decides. */
  readonly behind?: Readonly<Record<string, Outcome>>
}

type Outcome = readonly [status: number, code?: string | undefined, friendlyName?: string]

const READ: Outcome = [201, undefined, 'Phone']
const NONE: Outcome = [201]
const UNSUPPORTED: Outcome = [415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE']
const TOO_LARGE: Outcome = [413, 'FST_ERR_CTP_BODY_TOO_LARGE']
const MALFORMED: Outcome = [400, 'FST_ERR_VALIDATION']
const NOT_JSON: Outcome = [400, 'FST_ERR_CTP_INVALID_JSON_BODY']
const HOST: Outcome = [400]

const CASES: Readonly<Record<string, Case>> = {
  JSON: { headers: JSON_TYPE, body: NAMED, expected: READ },
  'JSON with a charset': { headers: { 'content-type': 'application/json; charset=utf-8' }, body: NAMED, expected: READ },
  'JSON in chunks': { headers: JSON_TYPE, body: ['{"friendly', 'Name":"Ph', 'one"}'], expected: READ },
  'no body': { expected: NONE },
  'no body, with a type': { headers: JSON_TYPE, expected: NONE },
  'an empty body': { headers: JSON_TYPE, body: '', expected: NONE },
  'an empty body in chunks': { headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' }, expected: NONE },
  'a form': { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'friendlyName=Phone', expected: UNSUPPORTED },
  text: { headers: { 'content-type': 'text/plain' }, body: NAMED, expected: UNSUPPORTED },
  'another JSON': { headers: { 'content-type': 'application/jsonp' }, body: NAMED, expected: UNSUPPORTED },
  'JSON without a type': { body: NAMED, expected: UNSUPPORTED },
  gzip: { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: gzipSync(NAMED), expected: UNSUPPORTED },
  '4096 bytes': { headers: JSON_TYPE, body: SHORTER, expected: READ },
  '5000 bytes': { headers: { ...JSON_TYPE, connection: 'keep-alive' }, body: PADDED, expected: TOO_LARGE },
  // Behind a parser its limit counts: only the host knows how long the text was.
  '5000 bytes in chunks': { headers: JSON_TYPE, body: [PADDED], expected: TOO_LARGE, behind: { json: READ } },
  'not JSON': { headers: JSON_TYPE, body: '{"friendlyName":', expected: NOT_JSON, behind: { json: HOST } },
  'a key __proto__': { headers: JSON_TYPE, body: '{"__proto__":{"friendlyName":"Phone"}}', expected: MALFORMED },
  'an unknown key': { headers: JSON_TYPE, body: '{"friendlyName":"Phone","friendlyname":"Phone"}', expected: MALFORMED },
  'an array': { headers: JSON_TYPE, body: '[{"friendlyName":"Phone"}]', expected: MALFORMED },
  'a text': { headers: JSON_TYPE, body: '"Phone"', expected: MALFORMED, behind: { json: HOST } },
  'a query': { path: '/totp/factors?friendlyName=Phone', expected: MALFORMED },
  'a query of __proto__': { path: '/totp/factors?__proto__=1', expected: MALFORMED },
  'a code that is a number': { path: '/totp/challenges', headers: JSON_TYPE, body: '{"code":123456}', expected: MALFORMED },
  'a body with GET': { method: 'GET', headers: JSON_TYPE, body: '{', expected: [200], behind: { json: HOST } }
}

/** Middlewares that hosts have in front of the routes. */
function fronts (kind: Kind): Readonly<Record<string, readonly Handler[]>> {
  const { json, urlencoded, raw, text }: typeof express = kind === 'Express 4' ? express4 : express
  const parsers = {
    json: [json()],
    urlencoded: [urlencoded({ extended: true })],
    raw: [raw({ type: () => true })],
    text: [text({ type: () => true })],
    all: [json(), urlencoded({ extended: false }), text(), raw()]
  }
  return { nothing: [], ...untyped(parsers), compression: [compression], late: [late] }
}

/** Waits before it goes on, as middlewares do that ask a database. */
const late: Handler = async (_request, _response, next) => {
  for (let turns = 0; turns < 5; turns++) await turn()
  return await next()
}

/** Wraps the methods of the answer, as `compression` does, and ends it later. */
const compression: Handler = (_request, response, next) => {
  const { end } = response
  response.end = untyped((...args: unknown[]) => {
    setImmediate(() => { end.apply(response, untyped(args)) })
    return response
  })
  return next()
}

for (const kind of KINDS) {
  for (const [front, handlers] of Object.entries(fronts(kind))) {
    t.test(`bodies on ${kind}, behind ${front}`, async t => {
      const factor = secondFactor()
      const served = await serve(t, kind, host => host.use(...handlers, factor.totp.routes()))
      for (const [name, { expected, behind = {}, ...asked }] of Object.entries(CASES)) {
        const outcome = behind[front === 'all' ? 'json' : front] ?? expected
        await check(t, name, served, factor, asked, outcome)
      }
      t.strictSame(factor.logged, [])
    })
  }
}

for (const kind of KINDS) {
  t.test(`a body on ${kind} that a middleware in front made text, or reads by itself`, async t => {
    const factor = secondFactor()
    for (const name of ['utf8', 'latin1', 'base64', 'hex', 'utf16le'] as const) {
      const front: Handler = (request, _response, next) => {
        request.setEncoding(name)
        return next()
      }
      const served = await serve(t, kind, host => host.use(front, factor.totp.routes()))
      const asked = { method: 'POST', path: '/totp/factors', headers: { ...factor.login(name), ...JSON_TYPE } }
      const named = await served.ask({ ...asked, body: ['{"friendlyName":', '"Télé', 'phone"}'] })
      t.equal(named.status, 201, named.text)
      // Base64 and UTF-16 cut text at other places than a chunk ends, and lose nothing by it.
      t.equal(named.json().factor.friendlyName, 'Téléphone', name)
      t.equal((await served.ask({ ...asked, body: ['"', 'x'.repeat(5000), '"'] })).status, 413, name)
    }
    const strings: Handler = (request, _response, next) => {
      const { on } = request
      request.on = untyped((name: string, act: (given: unknown) => void) =>
        Reflect.apply(on, request, [name, name === 'data' ? (chunk: Buffer) => act(String(chunk)) : act]))
      return next()
    }
    const served = await serve(t, kind, host => host.use(strings, factor.totp.routes()))
    const asked = { method: 'POST', path: '/totp/factors', headers: { ...factor.login('strings'), ...JSON_TYPE } }
    t.equal((await served.ask({ ...asked, body: '{"friendlyName":"Téléphone"}' })).json().factor.friendlyName, 'Téléphone')

    const reads: Handler = (request, _response, next) => {
      request.on('readable', () => {})
      return next()
    }
    const readable = await serve(t, kind, host => host.use(reads, factor.totp.routes()))
    const headers = { ...factor.login('readable'), ...JSON_TYPE }
    t.equal((await readable.ask({ method: 'POST', path: '/totp/factors', headers, body: '{}' })).status, 500)
    t.match(factor.logged.join(), /totp.pages\(\) finds no body: a middleware in front has read it/)
  })
}

/** The headers, and the half of a body. */
function halfOf ({ authorization }: Headers): string {
  const lines = [`authorization: ${authorization}`, 'host: a', 'content-type: application/json', 'content-length: 100']
  return `POST /totp/factors HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n{"friendly`
}

async function check (
  t: Test, name: string, served: Served, { login, sessions }: SecondFactor, asked: Partial<Asked>,
  [status, code, friendlyName]: Outcome
): Promise<void> {
  // The names of users are the names of their factors, unless they say another.
  const user = `user-${sessions.size}`
  const headers = { ...login(user), ...asked.headers }
  const answer = await served.ask({ ...ENROLL, ...asked, headers })
  t.equal(answer.status, status, `${name}: ${answer.text}`)
  t.equal(answer.code, code, name)
  if (status === 413) t.equal(answer.headers.connection, 'close', 'the rest of the body is not waited for')
  if (status === 201) t.equal(answer.json().factor.friendlyName, friendlyName ?? user, name)
}

for (const kind of KINDS) {
  t.test(`a body that was read and not kept is an error at once on ${kind}, and the log says what to do`, async t => {
    const factor = secondFactor()
    const swallow: Handler = async (request, _response, next) => {
      request.resume()
      await once(request, 'end')
      return await next()
    }
    const served = await serve(t, kind, host => host.use(swallow, factor.totp.routes()))
    const headers = { ...JSON_TYPE, ...factor.login('alice') }
    const answer = await served.ask({ ...ENROLL, headers, body: NAMED })
    t.match(answer, { status: 500, code: 'ERR_TOTP_INVALID_OPTION' })
    t.notMatch(answer.text, /middleware|routes/, 'a client learns nothing about it')
    t.equal(factor.logged.length, 1)
    t.match(factor.logged[0], /Put them in front of that middleware/)
    t.equal((await served.ask({ ...ENROLL, headers: factor.login('bob') })).status, 201,
      'a request without a body needs none')
  })

  t.test(`a client that hangs up in the middle of a body on ${kind} leaves nothing waiting`, async t => {
    const { totp, login, logged } = secondFactor()
    const ended: string[] = []
    const closed = gate()
    const note: Handler = (request, response, next) => {
      response.end = untyped(() => { ended.push(`${response.statusCode}`); closed.open(); return response })
      request.on('error', () => {})
      return next()
    }
    const served = await serve(t, kind, host => host.use(note, totp.routes()))
    const socket = await served.write(halfOf(login('alice')))
    for (let turns = 0; turns < 20; turns++) await turn()
    socket.destroy()
    await closed.passed
    t.strictSame(ended, ['400'])
    t.strictSame(logged, [])
  })

  t.test(`a body without an end on ${kind} is refused once it is too large`, async t => {
    const { totp, login } = secondFactor()
    const served = await serve(t, kind, host => host.use(totp.routes()))
    const { authorization } = login('alice')
    const lines = ['host: a', `authorization: ${authorization}`, 'content-type: application/json', 'transfer-encoding: chunked']
    const socket = await served.write(`POST /totp/factors HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n1388\r\n${PADDED}\r\n`)
    const [answer]: [Buffer] = untyped(await once(socket, 'data'))
    t.match(answer.toString(), /^HTTP\/1\.1 413 [^]*connection: close/i)
    socket.destroy()
  })

  t.test(`a client on ${kind} that hung up before the body is read leaves nothing waiting`, async t => {
    const { totp, login } = secondFactor()
    const [arrived, ended] = [gate(), gate()]
    let status = 0
    const waitForClose: Handler = async (request, response, next) => {
      response.end = untyped(() => { status = response.statusCode; ended.open(); return response })
      const closes = new Promise(resolve => { request.on('close', resolve) })
      request.on('error', () => {})
      arrived.open()
      await closes
      return await next()
    }
    const served = await serve(t, kind, host => host.use(waitForClose, totp.routes()))
    const socket = await served.write(halfOf(login('alice')))
    await arrived.passed
    socket.destroy()
    await ended.passed
    t.equal(status, 400)
  })
}
