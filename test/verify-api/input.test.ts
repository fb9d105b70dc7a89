import { connect } from 'node:net'
import t from 'tap'
import { memoryStore } from '../../src/index.js'
import type { VerifyDocument } from '../../src/verify-api.js'
import { enroll, enrollVerified, newIdentity } from './enrolled.js'
import { standIn } from './stand-in.js'

const LONG = 'x'.repeat(65)
const EMOJI = '🔑'

t.test('the refusal of a missing or invalid parameter names it without quoting its value', async t => {
  const service = await standIn(t)
  const { fetch, serviceSid } = service
  const factor = await enrollVerified(service)
  const { sid } = (await factor.challenge()).body
  const [services, path, entities] = ['/Services', `/Services/${serviceSid}`, `/Services/${serviceSid}/Entities`]
  const [factors, update] = [`${factor.entity}/Factors`, `${factor.entity}/Factors/${factor.sid}`]
  const [challenges, answer] = [`${factor.entity}/Challenges`, `${factor.entity}/Challenges/${sid}`]
  const named = { FriendlyName: 'x', FactorType: 'totp' }
  const many = Array.from({ length: 21 }, () => '{"label":"a","value":"b"}')

  const cases: ReadonlyArray<readonly [string, number, string, Record<string, string | string[]>]> = [
    [services, 20001, 'FriendlyName', {}],
    [services, 20001, 'FriendlyName', { FriendlyName: '' }],
    [services, 60200, 'FriendlyName', { FriendlyName: 'x'.repeat(31) }],
    [services, 60200, 'FriendlyName', { FriendlyName: 'a\0b' }],
    [services, 60200, 'FriendlyName', { FriendlyName: ['a', 'b'] }],
    ...['19', '61', '', '30.0', '3e1', '-30', '0x1e', ' 30', '99999999999'].map(value =>
      [path, 60200, 'Totp.TimeStep', { 'Totp.TimeStep': value }] as const),
    [path, 60200, 'FriendlyName', { FriendlyName: '' }],
    [path, 60200, 'Totp.CodeLength', { 'Totp.CodeLength': '2' }],
    [path, 60200, 'Totp.CodeLength', { 'Totp.CodeLength': '9' }],
    [path, 60200, 'Totp.Skew', { 'Totp.Skew': '3' }],
    [path, 60200, 'Totp.Issuer', { 'Totp.Issuer': LONG }],
    [path, 60200, 'CodeLength', { CodeLength: '3' }],
    [path, 60200, 'LookupEnabled', { LookupEnabled: 'yes' }],
    [path, 60200, 'DefaultTemplateSid', { DefaultTemplateSid: 'HJ1' }],
    [path, 60200, 'Passkeys.UserVerification', { 'Passkeys.UserVerification': 'never' }],
    [entities, 20001, 'Identity', {}],
    ...['short', LONG, 'with space', 'a@example.com', '-starts-with', 'ends-with-', 'two--dashes', 'gänsefüße', '../../../x', 'a\0bcdefgh', '__proto__'].map(value =>
      [entities, 60306, 'Identity', { Identity: value }] as const),
    [factors, 20001, 'FriendlyName', { FactorType: 'totp' }],
    [factors, 20001, 'FactorType', { FriendlyName: 'x' }],
    [factors, 60306, 'FactorType', { ...named, FactorType: 'TOTP' }],
    [factors, 60306, 'FriendlyName', { ...named, FriendlyName: LONG }],
    [factors, 60306, 'FriendlyName', { ...named, FriendlyName: 'a\nb' }],
    ...['1', 'GEZDGNBV', 'A'.repeat(32), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ!', 'ſſſſſſſſſſſſſſſſſſſſſſſſſſſſſſſſ', ''].map(value =>
      [factors, 60306, 'Binding.Secret', { ...named, 'Binding.Secret': value }] as const),
    [factors, 60306, 'Config.Alg', { ...named, 'Config.Alg': 'SHA1' }],
    [factors, 60306, 'Config.Alg', { ...named, 'Config.Alg': 'md5' }],
    [factors, 60306, 'Config.TimeStep', { ...named, 'Config.TimeStep': '19' }],
    [factors, 60306, 'Config.Skew', { ...named, 'Config.Skew': '3' }],
    [factors, 60306, 'Config.CodeLength', { ...named, 'Config.CodeLength': '9' }],
    ...['', '1', '[]', 'null', '{', '{"a":1}', '{"a":{}}', '{"a":null}', '{"a":"\\u0000"}', '{"\\ud800":"a"}', JSON.stringify({ a: 'x'.repeat(1020) })].map(value =>
      [factors, 60306, 'Metadata', { ...named, Metadata: value }] as const),
    ...['', '12', '123456789', '12345a', '１２３４５６', ' 123456', '123 456', '-12345', '1e5'].flatMap(value => [
      [update, 60306, 'AuthPayload', { AuthPayload: value }] as const,
      [answer, 60306, 'AuthPayload', { AuthPayload: value }] as const,
      [challenges, 60306, 'AuthPayload', { FactorSid: factor.sid, AuthPayload: value }] as const
    ]),
    [update, 60306, 'AuthPayload', { AuthPayload: ['123456', '654321'] }],
    [update, 60306, 'FriendlyName', { FriendlyName: '' }],
    [update, 60306, 'Config.TimeStep', { 'Config.TimeStep': '0' }],
    [challenges, 20001, 'FactorSid', {}],
    [challenges, 60306, 'FactorSid', { FactorSid: 'YF1' }],
    [challenges, 60306, 'FactorSid', { FactorSid: [factor.sid, factor.sid] }],
    [challenges, 60306, 'Details.Message', { FactorSid: factor.sid, 'Details.Message': 'x'.repeat(257) }],
    ...['{}', '[]', 'x', '{"label":"a"}', '{"label":"a","value":1}', `{"label":"${'a'.repeat(37)}","value":"b"}`, `{"label":"a","value":"${'b'.repeat(129)}"}`, '{"label":"\\ud800","value":"b"}'].map(value =>
      [challenges, 60306, 'Details.Fields', { FactorSid: factor.sid, 'Details.Fields': value }] as const),
    [challenges, 60306, 'Details.Fields', { FactorSid: factor.sid, 'Details.Fields': many }],
    [challenges, 60306, 'HiddenDetails', { FactorSid: factor.sid, HiddenDetails: '{"a":[]}' }],
    [answer, 60306, 'Metadata', { Metadata: 'x' }]
  ]
  for (const [path, code, name, form] of cases) {
    const { status, body, text } = await fetch(path, { method: 'POST', form })
    t.same([status, body.code], [400, code], `${path} ${JSON.stringify(form)}`)
    t.ok(body.message.includes(name), body.message)
    for (const value of ['AuthPayload', 'Binding.Secret'].map(each => String(form[each] ?? ''))) {
      t.notOk(value.length > 5 && text.includes(value), 'the value is not quoted')
    }
  }
  t.equal((await factor.challenge(factor.code(service.now()))).body.status, 'approved', 'nothing was counted or burnt')
})

t.test('invalid pages and filters are refused', async t => {
  const service = await standIn(t)
  const { entity } = await enroll(service)
  for (const query of [
    'PageSize=0', 'PageSize=1001', 'PageSize=x', 'PageSize=', 'PageSize=1&PageSize=1', 'Page=-1', 'Page=x',
    'PageToken=', 'PageToken=x', 'PageToken=PT', 'PageToken=PTAAAA', 'PageToken=PT!', `PageToken=PT${'YWFh'.repeat(40)}`
  ]) {
    for (const path of ['/Services', `/Services/${service.serviceSid}/Entities`, `${entity}/Factors`, `${entity}/Challenges`]) {
      const { status, body } = await service.fetch(`${path}?${query}`)
      t.same([status, body.code], [400, 60306], `${path}?${query}`)
      t.match(body.message, query.split('=')[0] ?? '')
    }
  }
  for (const query of ['FactorSid=x', 'Status=over', 'Order=up']) {
    t.equal((await service.fetch(`${entity}/Challenges?${query}`)).body.code, 60306, query)
  }
  t.equal((await service.fetch(`${entity}/Factors?Unknown=1&PageSize=1000&Page=7`)).body.meta.page, 7)
  const lists = [
    ['/Services', 'services'], [`/Services/${service.serviceSid}/Entities`, 'entities'],
    [`${entity}/Factors`, 'factors'], [`${entity}/Challenges`, 'challenges']
  ] as const
  for (const [path, key] of lists) {
    for (const [, other] of lists) {
      const { status, body } = await service.fetch(`${path}?PageToken=PB${Buffer.from(`${other}:0`).toString('base64url')}`)
      t.equal(status, other === key ? 200 : 400, 'a token is valid for one kind of list')
      if (status === 200) t.equal(body.meta.previous_page_url, null, 'nothing precedes the first item')
    }
  }
})

t.test('unknown paths and identifiers are not found, whatever they contain', async t => {
  const kept = memoryStore<VerifyDocument>()
  const keys: string[] = []
  const service = await standIn(t, {
    store: {
      ...kept,
      async get (key) {
        keys.push(key)
        return await kept.get(key)
      }
    }
  })
  const factor = await enrollVerified(service)
  const [services, challenge] = [`/Services/${service.serviceSid}`, (await factor.challenge()).body.sid]
  for (const path of [
    '/Services/VA1', `/Services/VA${'0'.repeat(32)}`, `/Services/VA${'0'.repeat(32)}/Entities`, '/Services/..',
    `${services}/Entities/..`, `${services}/Entities/%2e%2e`, `${services}/Entities/%2e%2e%2fFactors`, `${services}/Entities/%00`,
    `${services}/Entities/nobody-at-all`, `${services}/Entities/__proto__`, `${services}/Entities/${'x'.repeat(200)}`,
    `${services}/Entities/`, `${services}/Entities/${encodeURIComponent('gänsefüße')}`, `${services}/`, `${services}/Other`,
    `${factor.entity}/Factors/YF1`, `${factor.entity}/Factors/YF02${'0'.repeat(30)}`, `${factor.entity}/Factors/..`,
    `${factor.entity}/Factors/__proto__`, `${factor.entity}/Factors/${challenge}`, `${factor.entity}/Challenges/${factor.sid}`,
    `${factor.entity}/Challenges/YC02${'0'.repeat(30)}`, `${factor.entity}/Other`, '/Services/%ff', '/Services/%zz'
  ]) {
    for (const method of ['GET', 'DELETE', 'POST']) {
      const { status } = await service.fetch(path, { method, ...(method === 'POST' ? { form: {} } : {}) })
      t.ok([400, 404, 405].includes(status), `${method} ${path}: ${status}`)
    }
  }
  const { body } = await service.fetch(`${factor.entity}/Challenges`, {
    method: 'POST', form: { FactorSid: `YF02${'0'.repeat(30)}` }
  })
  t.equal(body.code, 20404)
  const invalid = await service.fetch(`${services}/Entities/short/Factors`, {
    method: 'POST', form: { FriendlyName: 'x', FactorType: 'totp' }
  })
  t.match(invalid.body, { code: 60306, message: /Identity/ })
  t.equal((await service.fetch(factor.entity)).status, 200, 'the existing entity is unchanged')
  t.same(keys.filter(key => !/^verify:[a-z]+:VA[0-9a-f]{32}(?::[a-z0-9-]{8,64})?$/.test(key)), [], 'the store is only keys for valid keys')
})

t.test('the case of sids and identities does not matter', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const sid = (await factor.challenge()).body.sid
  const upper = (text: string) => text.slice(0, 2) + text.slice(2).toUpperCase()
  const entity = `/Services/${upper(service.serviceSid)}/Entities/${factor.entity.split('/').at(-1)?.toUpperCase()}`
  t.equal((await service.fetch(`${entity}/Factors/${upper(factor.sid)}`)).body.sid, factor.sid)
  const { body } = await service.fetch(`${entity}/Challenges/${upper(sid)}`, {
    method: 'POST', form: { AuthPayload: factor.code(service.now()) }
  })
  t.equal(body.status, 'approved')
  t.equal((await service.fetch(`${entity.replace('VA', 'va')}`)).status, 404)
})

t.test('a factor is found only in its own entity', async t => {
  const service = await standIn(t)
  const [one, two] = [await enrollVerified(service), await enrollVerified(service)]
  t.equal((await service.fetch(`${two.entity}/Factors/${one.sid}`)).status, 404)
  const { status } = await service.fetch(`${two.entity}/Challenges`, {
    method: 'POST', form: { FactorSid: one.sid, AuthPayload: one.code(service.now()) }
  })
  t.equal(status, 404)
  const other = await service.fetch('/Services', { method: 'POST', form: { FriendlyName: 'other' } })
  const path = one.entity.replace(service.serviceSid, other.body.sid)
  t.equal((await service.fetch(`${path}/Factors/${one.sid}`)).status, 404)
})

t.test('names and values are stored as they are, whatever they contain', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const strings = '{"__proto__":"a","constructor":"b","":"","x":"' + EMOJI + '"}'
  const challenge = await factor.challenge(undefined, { HiddenDetails: strings, 'Details.Message': `a+b & c=${EMOJI}` })
  t.equal(JSON.stringify(challenge.body.hidden_details), JSON.stringify(JSON.parse(strings)))
  t.equal(challenge.body.details.message, `a+b & c=${EMOJI}`)
  const { body } = await service.fetch(`${factor.entity}/Challenges/${challenge.body.sid}`)
  t.equal(JSON.stringify(body.hidden_details), JSON.stringify(JSON.parse(strings)))
  const renamed = await factor.update({ FriendlyName: EMOJI.repeat(64) })
  t.equal(renamed.body.friendly_name, EMOJI.repeat(64))

  const { body: { binding } } = await service.fetch(`${factor.entity}/Factors`, {
    method: 'POST', form: 'FriendlyName=a%3Ab+c%2Bd&FactorType=totp&Unknown=1&__proto__=x&Binding.Alg=ES256'
  })
  t.match(binding.uri, /^otpauth:\/\/totp\/Acme:a%3Ab%20c%2Bd\?/)
})

t.test('only forms are accepted as bodies, and no body counts as an empty form', async t => {
  const service = await standIn(t)
  const { entity, sid } = await enrollVerified(service)
  const path = `${entity}/Factors/${sid}`
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencodedx']) {
    const { status, body } = await service.fetch(path, { method: 'POST', form: 'x', headers: { 'content-type': type } })
    t.same([status, body.code], [415, 60306], type)
    const empty = await service.fetch(path, { method: 'POST', form: '', headers: { 'content-type': type } })
    t.equal(empty.status, 200, type)
  }
  t.equal((await service.fetch(path, { method: 'POST' })).status, 200)
  const untyped = await fetch(`${service.baseUrl}/v2${path}`, {
    method: 'POST',
    body: Buffer.from('FriendlyName=x'),
    headers: { authorization: `Basic ${Buffer.from(`${service.accountSid}:${service.authToken}`).toString('base64')}` }
  })
  t.equal(untyped.status, 415, 'a body without a content type')
  const typed = { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' }
  t.equal((await service.fetch(path, { method: 'POST', form: 'FriendlyName=y', headers: typed })).body.friendly_name, 'y')
  for (const form of ['%', '%zz=%ff', '&&&', '=', 'a[b]=c', '%00=%00', '\ud800', '{"a":1}']) {
    t.equal((await service.fetch(path, { method: 'POST', form })).status, 200, 'unknown parameters are ignored')
  }
  const large = await service.fetch(path, { method: 'POST', form: `x=${'y'.repeat(64 * 1024)}` })
  t.same([large.status, large.body.code], [413, 60306])
})

t.test('a request without a Host header is served', async t => {
  const { baseUrl, authToken, accountSid } = await standIn(t)
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
  const answer = await new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(baseUrl)
    const socket = connect(Number(port), hostname)
    socket.on('error', reject).on('data', data => { resolve(String(data)); socket.destroy() })
    socket.write(`POST /v2/Services HTTP/1.0\r\nauthorization: Basic ${credentials}\r\n` +
      'content-type: application/x-www-form-urlencoded\r\ncontent-length: 14\r\n\r\nFriendlyName=x')
  })
  t.match(answer, /^HTTP\/1\.[01] 201 /)
})

t.test('an unsupported method is refused', async t => {
  const { fetch, serviceSid } = await standIn(t)
  for (const [path, methods] of [
    ['/Services', ['PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    [`/Services/${serviceSid}/Entities/${newIdentity()}`, ['POST', 'PUT', 'PATCH']],
    [`/Services/${serviceSid}/Entities/${newIdentity()}/Challenges/x`, ['DELETE', 'PUT']]
  ] as const) {
    for (const method of methods) {
      const { status, body } = await fetch(path, { method })
      t.same([status, body.code], [405, 20004], `${method} ${path}`)
    }
  }
})
