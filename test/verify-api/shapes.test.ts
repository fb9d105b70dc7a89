import { Type, type TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import t, { type Test } from 'tap'
import { enroll, enrollVerified, newIdentity } from './enrolled.js'
import { standIn, type StandInResponse } from './stand-in.js'

/** Each resource by Twilio's OpenAPI description: every key is present, with null for a missing value. */
const DateTime = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' })
const Url = Type.String({ pattern: '^http://127\\.0\\.0\\.1:\\d+/v2/Services/VA[0-9a-f]{32}' })
const ListUrl = Type.String({ pattern: '^http://127\\.0\\.0\\.1:\\d+/v2/Services.*\\?.*PageSize=\\d+&Page=\\d+' })
const AccountSid = Type.String({ pattern: '^AC[0-9a-f]{32}$' })
const ServiceSid = Type.String({ pattern: '^VA[0-9a-f]{32}$' })
const EntitySid = Type.String({ pattern: '^YE[0-9a-f]{32}$' })
const FactorSid = Type.String({ pattern: '^YF02[0-9a-f]{30}$' })
const ChallengeSid = Type.String({ pattern: '^YC02[0-9a-f]{30}$' })
const Strings = orNull(Type.Record(Type.String(), Type.String()))
const OptionalText = orNull(Type.String())

const Service = exact({
  sid: ServiceSid,
  account_sid: AccountSid,
  friendly_name: Type.String(),
  code_length: Type.Integer(),
  lookup_enabled: Type.Boolean(),
  psd2_enabled: Type.Boolean(),
  skip_sms_to_landlines: Type.Boolean(),
  dtmf_input_required: Type.Boolean(),
  tts_name: OptionalText,
  do_not_share_warning_enabled: Type.Boolean(),
  custom_code_enabled: Type.Boolean(),
  push: exact({
    include_date: Type.Boolean(), apn_credential_sid: OptionalText, fcm_credential_sid: OptionalText
  }),
  totp: exact({
    issuer: OptionalText,
    time_step: orNull(Type.Integer()),
    code_length: orNull(Type.Integer()),
    skew: orNull(Type.Integer())
  }),
  default_template_sid: orNull(Type.String({ pattern: '^HJ[0-9a-fA-F]{32}$' })),
  whatsapp: exact({ msg_service_sid: OptionalText, from: OptionalText }),
  passkeys: exact({
    relying_party: exact({
      id: OptionalText, name: OptionalText, origins: orNull(Type.Array(Type.String()))
    }),
    authenticator_attachment: OptionalText,
    discoverable_credentials: OptionalText,
    user_verification: OptionalText
  }),
  verify_event_subscription_enabled: Type.Boolean(),
  date_created: DateTime,
  date_updated: DateTime,
  url: Url,
  links: exact({
    verification_checks: Url,
    verifications: Url,
    rate_limits: Url,
    messaging_configurations: Url,
    entities: Url,
    webhooks: Url,
    access_tokens: Url
  })
})

const Entity = exact({
  sid: EntitySid,
  identity: Type.String(),
  account_sid: AccountSid,
  service_sid: ServiceSid,
  date_created: DateTime,
  date_updated: DateTime,
  url: Url,
  links: exact({ factors: Url, new_factors: Url, challenges: Url })
})

const factor = {
  sid: FactorSid,
  account_sid: AccountSid,
  service_sid: ServiceSid,
  entity_sid: EntitySid,
  identity: Type.String(),
  date_created: DateTime,
  date_updated: DateTime,
  friendly_name: Type.String(),
  status: Type.Union([Type.Literal('unverified'), Type.Literal('verified')]),
  factor_type: Type.Literal('totp'),
  config: exact({
    alg: Type.Union(['sha1', 'sha256', 'sha512'].map(alg => Type.Literal(alg))),
    skew: Type.Integer(),
    code_length: Type.Integer(),
    time_step: Type.Integer()
  }),
  metadata: Strings,
  url: Url
}
const Factor = exact(factor)
const NewFactor = exact({
  ...factor,
  binding: exact({
    secret: Type.String({ pattern: '^[A-Z2-7]{32,}$' }),
    uri: Type.String({
      pattern: '^otpauth://totp/[^:]+:[^:?]+\\?secret=[A-Z2-7]+&issuer=[^&]+&algorithm=SHA(1|256|512)&digits=\\d&period=\\d\\d$'
    })
  }),
  options: Type.Null()
})

const Challenge = exact({
  sid: ChallengeSid,
  account_sid: AccountSid,
  service_sid: ServiceSid,
  entity_sid: EntitySid,
  identity: Type.String(),
  factor_sid: FactorSid,
  date_created: DateTime,
  date_updated: DateTime,
  date_responded: orNull(DateTime),
  expiration_date: DateTime,
  status: Type.Union(['pending', 'expired', 'approved', 'denied'].map(status => Type.Literal(status))),
  responded_reason: Type.Union(['none', 'not_needed', 'not_requested'].map(reason => Type.Literal(reason))),
  details: exact({
    message: OptionalText,
    fields: Type.Array(exact({ label: Type.String(), value: Type.String() })),
    date: DateTime
  }),
  hidden_details: Strings,
  metadata: Strings,
  factor_type: Type.Literal('totp'),
  url: Url,
  links: exact({ notifications: Url })
})

const Refusal = exact({
  code: Type.Integer(),
  message: Type.String({ minLength: 1 }),
  more_info: Type.String({ pattern: '^https://www\\.twilio\\.com/docs/errors/\\d{5}$' }),
  status: Type.Integer()
})

const ajv = new Ajv()

function fits (t: Test, schema: TSchema, body: unknown, name: string): void {
  const check = ajv.compile(schema)
  t.ok(check(body), `${name}: ${ajv.errorsText(check.errors)}`)
}

function exact<T extends Record<string, TSchema>> (properties: T) {
  return Type.Object(properties, { additionalProperties: false })
}

function orNull<T extends TSchema> (schema: T) {
  return Type.Union([schema, Type.Null()])
}

function listOf (key: string, item: TSchema, empty = false) {
  return exact({
    [key]: Type.Array(item, empty ? { maxItems: 0 } : { minItems: 1 }),
    meta: exact({
      page: Type.Integer(),
      page_size: Type.Integer(),
      first_page_url: ListUrl,
      previous_page_url: orNull(ListUrl),
      url: ListUrl,
      next_page_url: orNull(ListUrl),
      key: Type.Literal(key)
    })
  })
}

t.test('every answer has all keys of its resource and no others', async t => {
  const service = await standIn(t)
  const { fetch, serviceSid, now } = service
  const path = `/Services/${serviceSid}`
  const phone = await enrollVerified(service, newIdentity())
  const unverified = await enroll(service, phone.entity.split('/').at(-1))
  const { sid } = (await phone.challenge()).body
  const other = `${path}/Entities/${newIdentity()}`
  await fetch(`${path}/Entities`, { method: 'POST', form: { Identity: other.split('/').at(-1) ?? '' } })
  const post = async (path: string, form: Record<string, string>) => await fetch(path, { method: 'POST', form })

  const answers: ReadonlyArray<readonly [string, number, TSchema, Promise<StandInResponse>]> = [
    ['S1', 201, Service, post('/Services', { FriendlyName: 'x' })],
    ['S1 in full', 201, Service, post('/Services', {
      FriendlyName: 'x',
      CodeLength: '10',
      LookupEnabled: 'true',
      SkipSmsToLandlines: 'True',
      DtmfInputRequired: 'false',
      TtsName: 'x',
      Psd2Enabled: 'true',
      DoNotShareWarningEnabled: 'true',
      CustomCodeEnabled: 'true',
      'Push.IncludeDate': 'true',
      'Push.ApnCredentialSid': `CR${'a'.repeat(32)}`,
      'Push.FcmCredentialSid': `CR${'A'.repeat(32)}`,
      'Totp.Issuer': 'a:b',
      'Totp.TimeStep': '20',
      'Totp.CodeLength': '3',
      'Totp.Skew': '0',
      DefaultTemplateSid: `HJ${'0'.repeat(32)}`,
      'Whatsapp.MsgServiceSid': `MG${'0'.repeat(32)}`,
      'Whatsapp.From': 'whatsapp:+1234567890',
      'Passkeys.RelyingParty.Id': 'www.example.com',
      'Passkeys.RelyingParty.Name': 'Example',
      'Passkeys.RelyingParty.Origins': 'www.example.com',
      'Passkeys.AuthenticatorAttachment': '',
      'Passkeys.DiscoverableCredentials': 'required',
      'Passkeys.UserVerification': 'discouraged',
      VerifyEventSubscriptionEnabled: 'true'
    })],
    ['S2', 200, listOf('services', Service), fetch('/Services')],
    ['S3', 200, Service, fetch(path)],
    ['S4', 200, Service, post(path, {})],
    ['E1', 201, Entity, post(`${path}/Entities`, { Identity: newIdentity() })],
    ['E2', 200, listOf('entities', Entity), fetch(`${path}/Entities`)],
    ['E3', 200, Entity, fetch(phone.entity)],
    ['F1', 201, NewFactor, post(`${phone.entity}/Factors`, { FriendlyName: 'a:b', FactorType: 'totp', Metadata: '{"os":"x"}' })],
    ['F2', 200, listOf('factors', Factor), fetch(`${phone.entity}/Factors`)],
    ['F3', 200, Factor, fetch(`${phone.entity}/Factors/${phone.sid}`)],
    ['F4', 200, Factor, unverified.update({ AuthPayload: unverified.wrongCode(now()) })],
    ['C1', 201, Challenge, phone.challenge(phone.wrongCode(now()), {
      HiddenDetails: '{}', 'Details.Message': 'x', 'Details.Fields': '{"label":"x","value":"y"}'
    })],
    ['C2', 200, listOf('challenges', Challenge), fetch(`${phone.entity}/Challenges`)],
    ['C3', 200, Challenge, fetch(`${phone.entity}/Challenges/${sid}`)],
    ['C4', 200, Challenge, post(`${phone.entity}/Challenges/${sid}`, { AuthPayload: phone.code(now()), Metadata: '{"os":"x"}' })],
    ['no factors', 200, listOf('factors', Factor, true), fetch(`${other}/Factors`)],
    ['no challenges', 200, listOf('challenges', Challenge, true), fetch(`${other}/Challenges`)],
    ['no services any more', 200, listOf('services', Service, true), fetch(`/Services?PageToken=PT${Buffer.from(`services:VA${'f'.repeat(32)}`).toString('base64url')}`)]
  ]
  for (const [name, expected, schema, answer] of answers) {
    const { status, body } = await answer
    t.equal(status, expected, name)
    fits(t, schema, body, name)
  }
  service.wait(300)
  const { body: { challenges } } = await fetch(`${phone.entity}/Challenges?Status=expired`)
  t.equal(challenges.length, 1)
  for (const challenge of challenges) fits(t, Challenge, challenge, 'an expired one')

  for (const path of [`${phone.entity}/Factors/${unverified.sid}`, phone.entity, `/Services/${serviceSid}`]) {
    const { status, text, headers } = await fetch(path, { method: 'DELETE' })
    t.same([status, text], [204, ''], path)
    t.equal(headers.get('cache-control'), 'no-store')
    const gone = await fetch(path, { method: 'DELETE' })
    t.equal(gone.status, 404)
    fits(t, Refusal, gone.body, path)
    t.same(gone.body.message, `The requested resource /v2${path} was not found`)
  }
})

t.test('every URL in an answer leads to its resource, and every sid is that of its resource', async t => {
  const service = await standIn(t)
  const { fetch, serviceSid, accountSid, baseUrl } = service
  const phone = await enrollVerified(service, 'Some-Body-1')
  const { body: challenge } = await phone.challenge()
  const root = `${baseUrl}/v2/Services/${serviceSid}`
  const entity = `${root}/Entities/Some-Body-1`
  const at = async (url: string) => await fetch(url.slice(`${baseUrl}/v2`.length))
  const { body: kept } = await at(entity)
  const owner = { account_sid: accountSid, service_sid: serviceSid, entity_sid: kept.sid, identity: 'Some-Body-1' }
  const resources = [
    [root, { sid: serviceSid, account_sid: accountSid }, {
      verification_checks: `${root}/VerificationCheck`,
      verifications: `${root}/Verifications`,
      rate_limits: `${root}/RateLimits`,
      messaging_configurations: `${root}/MessagingConfigurations`,
      entities: `${root}/Entities`,
      webhooks: `${root}/Webhooks`,
      access_tokens: `${root}/AccessTokens`
    }],
    [entity, { identity: 'Some-Body-1', account_sid: accountSid, service_sid: serviceSid }, {
      factors: `${entity}/Factors`, new_factors: `${entity}/Factors`, challenges: `${entity}/Challenges`
    }],
    [`${entity}/Factors/${phone.sid}`, { ...owner, sid: phone.sid }, undefined],
    [`${entity}/Challenges/${challenge.sid}`, { ...owner, sid: challenge.sid, factor_sid: phone.sid }, {
      notifications: `${entity}/Challenges/${challenge.sid}/Notifications`
    }]
  ] as const
  for (const [url, expected, links] of resources) {
    const { status, body } = await at(url)
    t.equal(status, 200, url)
    t.match(body, { ...expected, url })
    t.same(body.links, links)
    for (const link of Object.values<string>(links ?? {})) t.match((await at(link)).status, /^(200|403)$/, link)
  }
  const lists = [[`${baseUrl}/v2/Services`, 'services'], ...[`${entity}/Factors`, `${entity}/Challenges`, `${root}/Entities`]
    .map(url => [url, url.split('/').at(-1)?.toLowerCase() ?? ''])] as const
  for (const [url = '', key = ''] of lists) {
    const { body } = await at(url)
    for (const item of body[key]) t.same((await at(item.url)).body, item, 'the resource is the same as in the list')
    t.equal(body.meta.url, `${url}?PageSize=50&Page=0`)
  }
})

t.test('no answer may be cached, and refusals are Twilio\'s', async t => {
  const { fetch, serviceSid, baseUrl } = await standIn(t)
  const form = { FriendlyName: 'x'.repeat(31) }
  const refusals = [
    [400, 60200, 'Invalid parameter: FriendlyName must have 1 to 30 characters, without control characters', fetch('/Services', { method: 'POST', form })],
    [400, 20001, 'Missing required parameter FriendlyName in the post body', fetch('/Services', { method: 'POST' })],
    [401, 20003, 'Authenticate', fetch('/Services', { headers: { authorization: '' } })],
    [404, 20404, 'The requested resource /v2/Nothing was not found', fetch('/Nothing?AuthPayload=123456')],
    [405, 20004, 'Method not allowed', fetch(`/Services/${serviceSid}`, { method: 'PUT', form })],
    [403, 60204, 'Service does not support this feature', fetch(`/Services/${serviceSid}/Webhooks`)],
    [413, 60306, 'Invalid Request', fetch('/Services', { method: 'POST', form: 'x'.repeat(70_000) })],
    [415, 60306, 'Invalid Request', fetch('/Services', { method: 'POST', form: '{}', headers: { 'content-type': 'application/json' } })]
  ] as const
  for (const [status, code, message, answer] of refusals) {
    const { body, headers, ...answered } = await answer
    t.equal(answered.status, status)
    t.same(body, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status })
    t.equal(headers.get('cache-control'), 'no-store')
    t.match(headers.get('content-type'), /^application\/json/)
    t.equal(headers.get('www-authenticate'), status === 401 ? 'Basic realm="Twilio API"' : null)
  }
  const json = { method: 'POST', form: '{}', headers: { 'content-type': 'application/json' } }
  const service = `/Services/${serviceSid}`
  const challenge = `${service}/Entities/somebody/Challenges/YC${'0'.repeat(32)}`
  for (const path of [
    '/Forms/form-push', ...['Factors', 'VerifyFactor', 'Challenges', 'ApproveChallenge'].map(name => `${service}/Passkeys/${name}`),
    ...['AccessTokens', 'Webhooks', 'Verifications', 'RateLimits', 'MessagingConfigurations'].flatMap(name =>
      [`${service}/${name}`, `${service}/${name}/XX1`]),
    `${service}/VerificationCheck`, `${service}/RateLimits/RK1/Buckets`, `${challenge}/Notifications`
  ]) {
    for (const request of [{}, { method: 'POST', form: '' }, { method: 'DELETE' }, json]) {
      t.match(await fetch(path, request), { status: 403, body: { code: 60204 } }, path)
    }
  }
  t.match(await fetch('/Nothing', json), { status: 404, body: { code: 20404 } })
  t.match(await fetch(service, { ...json, method: 'PUT' }), { status: 405, body: { code: 20004 } })
  t.equal((await fetch('')).status, 404)
  t.equal((await fetch('/Services', { method: 'HEAD' })).status, 200)
  t.equal((await globalThis.fetch(`${baseUrl}/elsewhere`)).status, 404)
})
