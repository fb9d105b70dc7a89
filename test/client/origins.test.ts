import type { IncomingMessage, ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { createTotpClient, withTotp, type Fetch, type WithTotpOptions } from '../../src/client.js'
import { listen } from '../connect/server.js'
import { untyped } from '../untyped.js'

const json = { 'content-type': 'application/json' }
const refusal = '{"code":"ERR_TOTP_CHALLENGE_REQUIRED"}'

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** A server that answers as it is told, with the requests that it got. */
async function server (t: Test, answer: Handler) {
  const asked: IncomingMessage[] = []
  const { port } = await listen(t, (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request)
    answer(request, response)
  })
  return { origin: `http://127.0.0.1:${port}`, asked }
}

const refuse: Handler = (_request, response) => response.writeHead(403, json).end(refusal)

/** An API, whose page counts how often its user is asked. */
async function page (t: Test, answer: Handler, more: Partial<WithTotpOptions> = {}) {
  const { origin, asked } = await server(t, answer)
  const totp = createTotpClient({ prefix: `${origin}/totp`, token: 'secret' })
  let questions = 0
  const api = withTotp(fetch, { totp, ask () { questions++; return null }, ...more })
  return { origin, asked, api, questions: () => questions }
}

t.test('another origin gets no token, and its refusals ask nothing', async t => {
  const foreign = await server(t, refuse)
  const { api, origin, questions } = await page(t, refuse)
  t.equal((await api(`${foreign.origin}/vault`)).status, 403)
  t.equal((await api(new Request(`${foreign.origin}/vault`))).status, 403)
  t.same(foreign.asked.map(({ headers }) => headers.authorization), [undefined, undefined])
  t.equal(questions(), 0)
  await api(`${origin}/vault`)
  t.equal(questions(), 1)
  const disguised = `${origin.replace('http://', 'http://127.0.0.1@')}/vault`
  await t.rejects(api(disguised), TypeError, 'fetch itself refuses these')
})

t.test('an origin that is named is one of ours', async t => {
  const second = await server(t, refuse)
  const { api, questions } = await page(t, refuse, { origins: [`${second.origin.replace('http', 'HTTP')}/`] })
  await api(`${second.origin}/vault`)
  t.equal(second.asked[0]?.headers.authorization, 'Bearer secret')
  t.equal(questions(), 1)
})

t.test('a refusal at the end of a redirect asks nothing', async t => {
  const foreign = await server(t, refuse)
  const { api, origin, questions } = await page(t, ({ url }, response) => {
    if (url === '/vault') response.writeHead(307, { location: `${foreign.origin}/vault` }).end()
    else if (url === '/moved') response.writeHead(307, { location: '/here' }).end()
    else response.writeHead(403, json).end(refusal)
  })
  t.equal((await api(`${origin}/vault`)).status, 403)
  t.equal(foreign.asked[0]?.headers.authorization, undefined)
  t.equal((await api(`${origin}/moved`)).status, 403)
  t.equal(questions(), 0)
})

t.test('where fetch doesn\'t tell of redirects, as in React Native, the final address counts', async t => {
  const totp = createTotpClient({ prefix: 'https://api.example/totp' })
  let questions = 0
  const ask = () => {
    questions++
    return null
  }
  for (const [url, expected] of [['https://other.example/vault', 0], ['https://api.example/elsewhere', 1]] as const) {
    const answer = new Response(refusal, { status: 403, headers: json })
    Object.defineProperties(answer, { url: { value: url }, redirected: { value: undefined } })
    const api = withTotp(async () => answer, { totp, ask })
    t.equal(await api('https://api.example/vault'), answer)
    t.equal(questions, expected, url)
  }
})

t.test('a code follows no redirect', async t => {
  const foreign = await server(t, refuse)
  const { api, origin } = await page(t, ({ headers }, response) => {
    if (headers['totp-code'] === undefined) response.writeHead(403, json).end('{"code":"ERR_TOTP_CODE_REQUIRED"}')
    else response.writeHead(307, { location: `${foreign.origin}/payment` }).end()
  }, { ask: () => '123456' })
  await t.rejects(api(`${origin}/payment`, { method: 'POST' }), TypeError)
  t.equal(foreign.asked.length, 0)
})

t.test('only refusals of this package ask: no page, no other JSON, no broken one, no 503, no success', async t => {
  const answers: ReadonlyArray<readonly [number, Record<string, string>, string]> = [
    [403, { 'content-type': 'text/html' }, refusal], [403, json, '{"code":'], [403, json, '{"code":"OTHER"}'],
    [403, json, 'null'], [403, {}, ''], [503, json, '{"code":"ERR_TOTP_STORE"}'], [200, json, refusal]
  ]
  for (const [status, headers, body] of answers) {
    const handler: Handler = (_request, response) => response.writeHead(status, headers).end(body)
    const { api, origin, questions } = await page(t, handler)
    const answer = await api(`${origin}/vault`)
    t.equal(answer.status, status)
    t.equal(await answer.text(), body)
    t.equal(questions(), 0)
  }
})

t.test('without a page, paths have no base: an answer that a program made counts by its request', async t => {
  const totp = createTotpClient({ fetch: async () => Response.json({ approval: {} }) })
  let refused = 0
  const api = withTotp(async () => refused++ === 0
    ? new Response(refusal, { status: 403, headers: json })
    : Response.json({ vault: 'gold' }), { totp, ask: () => '123456' })
  t.same(await (await api('/vault')).json(), { vault: 'gold' })
  t.equal(refused, 2)
})

t.test('without a page, a URL that names a host in an odd spelling gets no token', async t => {
  const seen: Array<readonly [string, string | null]> = []
  const withBase: Fetch = async (input, init) => {
    seen.push([new URL(String(input), 'https://api.example').host, new Headers(init?.headers).get('authorization')])
    return Response.json({})
  }
  const totp = createTotpClient({ fetch: withBase, token: 'secret' })
  const api = withTotp(withBase, { totp, ask: () => null })
  const foreign = [
    '//evil.example/x', '///evil.example', '\\\\evil.example', '/\\evil.example', '/\t/evil.example', ' //evil.example',
    '\u0000//evil.example', 'https:evil.example', 'https:\\evil.example', 'blob:https://evil.example/x'
  ]
  for (const url of foreign) await api(url)
  t.same(seen.map(([, authorization]) => authorization), foreign.map(() => null))
  seen.length = 0
  const own = ['/vault', 'vault', './vault.json', '../a/b', '/a?to=12:00//x', '?page=2', '#top', '', '/', '/%20', '/~me/@you']
  for (const url of own) await api(url)
  t.same(seen, own.map(() => ['api.example', 'Bearer secret']))
})

t.test('a request that stays refused after every approval ends', async t => {
  let rounds = 0
  const totp = createTotpClient({ fetch: async () => Response.json({ approval: {} }) })
  const api = withTotp(async () => {
    rounds++
    totp.replaceToken(totp.token, `token ${rounds}`)
    return new Response(refusal, { status: 403, headers: json })
  }, { totp, ask: () => '123456' })
  t.equal((await api('/vault')).status, 403)
  t.equal(rounds, 6)

  const { api: refusing, origin, asked } = await page(t, ({ url }, response) => url === '/totp/challenges'
    ? response.writeHead(200, json).end('{"approval":{}}')
    : response.writeHead(403, json).end(refusal), { ask: () => '123456' })
  t.equal((await refusing(`${origin}/vault`)).status, 403)
  t.equal(asked.length, 3, 'asked once')
})

t.test('an answer that can\'t be read to its end, or is no refusal, is the caller\'s', async t => {
  const { api, origin, questions } = await page(t, ({ url }, response) => {
    if (url === '/odd') response.writeHead(403, json).end('{"code":{"toString":1}}')
    else {
      response.writeHead(403, { ...json, 'content-length': 100 }).write('{"code"')
      setImmediate(() => response.destroy())
    }
  })
  const cut = await api(`${origin}/cut`)
  t.equal(cut.status, 403)
  await t.rejects(cut.text(), TypeError)
  t.equal((await api(`${origin}/odd`)).status, 403)
  t.equal(questions(), 0)
})

t.test('the type of a refusal counts in any case', async t => {
  const { api, origin, questions } = await page(t, (_request, response) =>
    response.writeHead(403, { 'content-type': 'Application/Problem+JSON' }).end(refusal))
  await api(`${origin}/vault`)
  t.equal(questions(), 1)
})

t.test('a Request that was used goes with another body, as with fetch', async t => {
  const { api, origin, asked } = await page(t, (_request, response) => response.writeHead(200, json).end('{}'))
  const used = new Request(`${origin}/notes`, { method: 'POST', body: 'a' })
  await used.text()
  t.equal((await api(used, { body: 'b' })).status, 200)
  await t.rejects(api(used), TypeError)
  t.equal(asked.length, 1)
})

t.test('withTotp refuses a client that createTotpClient didn\'t make', async t => {
  t.throws(() => withTotp(fetch, { totp: { ...createTotpClient() }, ask: () => null }), TypeError)
  t.throws(() => withTotp(fetch, { totp: untyped(undefined), ask: () => null }), TypeError)
})

t.test('a request that is aborted when its refusal arrives asks nothing', async t => {
  const controller = new AbortController()
  let questions = 0
  const totp = createTotpClient()
  const api = withTotp(async () => {
    controller.abort(new Error('enough'))
    return new Response(refusal, { status: 403, headers: json })
  }, { totp, ask () { questions++; return null } })
  await t.rejects(api('/vault', { signal: controller.signal }), { message: 'enough' })
  await api('/vault')
  t.equal(questions, 1, 'the question is of the second request')
})

t.test('a signal without a reason, as in React Native, rejects with an AbortError', async t => {
  const signal = untyped(Object.assign(new EventTarget(), { aborted: false }))
  const ask = async () => {
    signal.dispatchEvent(new Event('abort'))
    return await new Promise<never>(() => {})
  }
  const totp = createTotpClient()
  const api = withTotp(async () => new Response(refusal, { status: 403, headers: json }), { totp, ask })
  await t.rejects(api('/vault', { signal }), { name: 'AbortError' })
})
