import t, { type Test } from 'tap'
import { codeIn } from '../code-in-text.js'
import { faultyStore, type FaultyStore } from '../faulty-store.js'
import { isOnFastify, START, site, type SiteOptions } from '../site.js'
import type { Visitor } from '../visitor.js'

/** Hosts on Express whose parsers stand in front of the routes. */
const EXPRESS_HOSTS: Readonly<Record<string, SiteOptions>> = {
  'a plain host': {},
  'a host that reads forms': { front: (web, express) => { web.use(express.urlencoded({ limit: '4mb', extended: true })) } },
  'a host that reads everything as text': { front: (web, express) => { web.use(express.text({ limit: '4mb', type: () => true })) } },
  'a host that reads everything as bytes': { front: (web, express) => { web.use(express.raw({ limit: '4mb', type: () => true })) } }
}

/** Hosts on Fastify that have made themselves lax, or answer in their own way. */
const FASTIFY_HOSTS: Readonly<Record<string, SiteOptions>> = {
  'a plain host': {},
  'a host whose validator finds everything right': { host: app => { app.setValidatorCompiler(() => () => true) } },
  'a host that coerces, strips and fills in': {
    server: { ajv: { customOptions: { coerceTypes: 'array', removeAdditional: 'all', useDefaults: true } } }
  },
  'a host that reads forms, text and anything': {
    host: app => {
      const form = (text: string) => Object.fromEntries(new URLSearchParams(text))
      app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' },
        async (_request: unknown, text: string) => form(text))
      app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, text: string) =>
        text.startsWith('{') ? JSON.parse(text) : form(text))
    }
  },
  'a host that ignores poisoned JSON': { server: { onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' } },
  'a host that renders errors itself': {
    host: app => {
      app.setErrorHandler<Error & { statusCode?: number, code?: string }>(async (error, _request, reply) =>
        await reply.code(error.statusCode ?? 500).send({ code: error.code, ours: true }))
      app.setSchemaErrorFormatter(() => new Error('malformed, says the host'))
    }
  },
  'a host that serializes itself': {
    host: app => {
      app.setSerializerCompiler(() => data =>
        JSON.stringify(data instanceof Error ? { code: Reflect.get(data, 'code') } : data))
    }
  }
}

const CODE = '123456'

/** What is no code, though it looks like one to somebody who coerces. */
const NO_CODES: ReadonlyArray<[what: string, code: unknown]> = [
  ['a number', 123456],
  ['a float', 123456.5],
  ['an array', [CODE]],
  ['a nested array', [[CODE]]],
  ['several codes', [CODE, '123457']],
  ['an object', { code: CODE }],
  ['an operator of a query language', { $ne: '' }],
  ['null', null],
  ['true', true],
  ['1e5', 1e5],
  ['an empty string', ''],
  ['five digits', '12345'],
  ['seven digits for a factor of six', '1234567'],
  ['nine digits', '123456789'],
  ['leading zeros', '000123456'],
  ['a sign', '+12345'],
  ['hexadecimal', '0x1E240'],
  ['an exponent', '12345e1'],
  ['an underscore', '123_456'],
  ['letters behind', '123456abc'],
  ['a NUL behind', '123456\0'],
  ['a NUL in the middle', '123\x00456'],
  ['two hyphens', '123--456'],
  ['a hyphen in the wrong place', '12-3456'],
  ['a hyphen in front', '-123456'],
  ['an en dash', '123\u2013456'],
  ['five full-width digits', '\uff11\uff12\uff13\uff14\uff15'],
  ['circled digits', '\u2460\u2461\u2462\u2463\u2464\u2465'],
  ['superscripts', '\u00b9\u00b2\u00b3\u2074\u2075\u2076'],
  ['Chinese numerals', '\u4e00\u4e8c\u4e09\u56db\u4e94\u516d'],
  ['an accent', '123\u0301456']
]

/** The same code as people type and paste it. */
const SPELLINGS: ReadonlyArray<[what: string, spell: (code: string) => string]> = [
  ['as it is', code => code],
  ['a space in the middle', code => code.replace(/^.../, '$& ')],
  ['a hyphen in the middle', code => code.replace(/^.../, '$&-')],
  ['a no-break space in the middle', code => code.replace(/^.../, '$&\u00a0')],
  ['blanks around', code => `  ${code}\r\n`],
  ['a tab, and a byte order mark', code => `\ufeff${code}\t`],
  ['spaced out', code => [...code].join(' ')],
  ['full-width digits', code => inScript(code, 0xff10)],
  ['Arabic-Indic digits', code => inScript(code, 0x660)],
  ['Devanagari digits and a blank', code => inScript(code, 0x966).replace(/^.../, '$& ')],
  ['mathematical digits', code => inScript(code, 0x1d7ce)]
]

/** Bodies that are refused whatever is in them. */
const NO_BODIES: ReadonlyArray<[what: string, body: string]> = [
  ['nothing', ''],
  ['an empty object', '{}'],
  ['null', 'null'],
  ['a string', `"${CODE}"`],
  ['a number', CODE],
  ['an array', `[{"code":"${CODE}"}]`],
  ['a field too many', `{"code":"${CODE}","remember":true}`],
  ['an identity', `{"code":"${CODE}","identity":"alice"}`],
  ['a time', `{"code":"${CODE}","timestamp":${START}}`],
  ['the field in another case', `{"Code":"${CODE}"}`],
  ['a factor sid that is none', `{"code":"${CODE}","factorSid":"YF1"}`],
  ['a list of factor sids', `{"code":"${CODE}","factorSid":["YF${'0'.repeat(32)}"]}`],
  ['a factor sid that is null', `{"code":"${CODE}","factorSid":null}`],
  ['__proto__', `{"code":"${CODE}","__proto__":{"x":1}}`],
  ['a code in __proto__', `{"__proto__":{"code":"${CODE}"}}`],
  ['constructor', `{"code":"${CODE}","constructor":{"prototype":{"x":1}}}`],
  ['a plain constructor', `{"code":"${CODE}","constructor":"x"}`],
  ['a thousand levels', `{"code":"${CODE}","x":${'['.repeat(1000)}${']'.repeat(1000)}}`],
  ['a duplicate key whose last is no code', `{"code":"${CODE}","code":123456}`],
  ['half of the JSON', `{"code":"${CODE}"`],
  ['text behind the JSON', `{"code":"${CODE}"} and more`],
  ['single quotes', `{'code':'${CODE}'}`],
  ['a form', `code=${CODE}`]
]

const NO_TYPES = [
  'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml',
  'application/json garbage', 'application/jsonp', 'application/vnd.api+json', 'text/json', 'nonsense'
]

for (const [host, options] of Object.entries(isOnFastify() ? FASTIFY_HOSTS : EXPRESS_HOSTS)) {
  t.test(`${host}: what is malformed is refused before the store is asked, and not counted`, async t => {
    const store = faultyStore()
    const { app, login, wait, now } = await site(t, { ...options, totp: { store } })
    const alice = await login('alice')
    const factor = await alice.enrollVerified(now())
    wait(30)
    for (let wrong = 0; wrong < 4; wrong++) {
      t.match(await alice.challenge(factor.wrongCode(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
    }

    for (const [what, code] of NO_CODES) {
      const body = JSON.stringify({ code })
      await refuses(t, store, alice, body, what, what === 'seven digits for a factor of six' ? 1 : 0)
    }
    for (const [what, body] of NO_BODIES) await refuses(t, store, alice, body, what)

    const before = store.calls
    for (const type of NO_TYPES) {
      for (const payload of [`{"code":"${factor.code(now())}"}`, `code=${factor.code(now())}`]) {
        const answer = await alice.request('POST', '/totp/challenges', payload, { 'content-type': type })
        t.match(answer, { status: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }, `${type}, ${answer.text}`)
      }
    }
    const untyped = await app.inject({
      method: 'POST',
      url: '/totp/challenges',
      payload: `{"code":"${factor.code(now())}"}`,
      headers: { cookie: alice.cookieHeader() }
    })
    t.match(untyped, { statusCode: 415 }, 'no content type')

    const large = { status: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE', headers: { 'cache-control': 'no-store' } }
    t.match(await alice.challenge('1'.repeat(100_000)), large, '100 000 digits')
    t.match(await alice.challenge('1'.repeat(4097)), large, 'more than 4 KiB')
    t.match(await alice.request('POST', '/totp/challenges', `{"code":"1"${' '.repeat(2 ** 21)}}`), large, '2 MiB')

    const malformed = { status: 400, code: 'FST_ERR_VALIDATION', headers: { 'cache-control': 'no-store' } }
    const query = `/totp/challenges?code=${factor.code(now())}`
    t.match(await alice.post(query, { code: factor.code(now()) }), malformed, 'a query parameter')
    t.match(await alice.get('/totp/factors?identity=bob'), malformed, 'a query parameter of a GET')
    t.match(await alice.request('DELETE', '/totp/approval?x=1'), malformed, 'a query parameter of a DELETE')
    t.equal(store.calls, before, 'the store is not asked')

    wait(30)
    const code = factor.code(now())
    const spelt = `${code.slice(0, 3)} ${code.slice(3)}`
    t.match(await alice.challenge(spelt), { status: 200 }, 'nothing was counted: the fifth wrong code would have locked')
    wait(30)
    t.match(await alice.challenge(factor.code(now()).replace(/^.../, '$&-')), { status: 200 }, 'a hyphen in the middle')
    t.match(await alice.challenge(factor.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' },
      'another spelling of a spent code is spent')
  })
}

t.test('a code is right in every spelling, and spent in all of them', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const first = await alice.enroll()
  const verified = await alice.post(`/totp/factors/${first.sid}/verify`, { code: `${inScript(first.code(now()), 0x660)} ` })
  t.match(verified, { status: 200 }, 'the first code too')
  for (const [what, spell] of SPELLINGS) {
    wait(30)
    const code = first.code(now())
    t.match(await alice.challenge(spell(code)), { status: 200 }, what)
    const others = SPELLINGS.filter(([other]) => other !== what).slice(0, 3)
    for (const [other, respell] of others) {
      t.match(await alice.challenge(respell(code)), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }, `${what}, then ${other}`)
    }
  }
})

t.test('routes without a body take none, and routes whose fields are all optional need none', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  t.match(await alice.post('/totp/factors'), { status: 201 }, 'no body at all')
  t.match(await alice.post('/totp/factors', {}), { status: 201 }, 'an empty object')
  t.match(await alice.post('/totp/factors', { qr: 'png' }), { status: 201 })
  t.match(await alice.post('/totp/factors', { qr: 'gif' }), { status: 400, code: 'FST_ERR_VALIDATION' })
  t.match(await alice.post('/totp/factors', { qr: ['png'] }), { status: 400, code: 'FST_ERR_VALIDATION' })
  t.match(await alice.post('/totp/factors', { secret: 'A'.repeat(32) }), { status: 400, code: 'FST_ERR_VALIDATION' },
    'nobody brings a secret over HTTP')
  t.match(await alice.post('/totp/challenges'), { status: 400, code: 'FST_ERR_VALIDATION' })
  const { sid } = await alice.enrollVerified(now())
  t.match(await alice.request('DELETE', `/totp/factors/${sid}`, { code: '123456' }),
    { status: 400, code: 'FST_ERR_VALIDATION' })
  t.match(await alice.request('DELETE', '/totp/approval', { x: 1 }), { status: 400, code: 'FST_ERR_VALIDATION' })
})

t.test('the sid in the path names a factor or nothing, whatever it looks like', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  await alice.enrollVerified(now())
  for (const sid of ['YF0', '__proto__', 'constructor', '..%2f..', '%00', 'x'.repeat(90), '%F0%9F%98%80', 'null', '*']) {
    t.match(await alice.delete(`/totp/factors/${sid}`), { status: 404 }, sid)
    t.match(await alice.patch(`/totp/factors/${sid}`, { friendlyName: 'x' }), { status: 404 }, sid)
    t.match(await alice.post(`/totp/factors/${sid}/verify`, { code: CODE }), { status: 404 }, sid)
  }
})

t.test('JSON that is malformed is echoed neither in the answer nor in the log', async t => {
  let log = ''
  const { login } = await site(t, { log: line => { log += line } })
  const alice = await login('alice')
  for (const body of ['{"code":"271828"', '{"code":271828 }}', '271828', '{271828}', '{"code":"271828","__proto__":1}']) {
    const answer = await alice.request('POST', '/totp/challenges', body)
    t.match(answer, { status: 400 }, answer.text)
    t.notMatch(answer.text, /271828/)
  }
  t.match(log, isOnFastify() ? /FST_ERR/ : /"statusCode":400/, 'there is a log')
  t.notMatch(log, codeIn('271828'))
})

async function refuses (
  t: Test, store: FaultyStore, person: Visitor, body: string, what: string, reads = 0
): Promise<void> {
  const before = store.calls
  const answer = await person.request('POST', '/totp/challenges', body)
  t.match(answer, { status: 400, headers: { 'cache-control': 'no-store' } }, `${what}: ${answer.text}`)
  t.match(answer.code ?? '', /^FST_ERR_/, what)
  t.equal(store.calls - before, reads, `${what}: the store is asked ${reads} times`)
  if (body !== '') t.notOk(answer.text.includes(body), `${what}: is not echoed`)
  t.notOk(answer.text.includes(CODE), `${what}: the code is not echoed`)
}

/** The code in the digits of another script, whose zero is this code point. */
function inScript (code: string, zero: number): string {
  return [...code].map(digit => String.fromCodePoint(zero + Number(digit))).join('')
}
