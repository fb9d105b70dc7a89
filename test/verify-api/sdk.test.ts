import t, { type Test } from 'tap'
import twilio from 'twilio'
import { memoryStore } from '../../src/index.js'
import type { VerifyDocument } from '../../src/verify-api.js'
import { authenticator } from '../authenticator.js'
import { newIdentity } from './enrolled.js'
import { standIn } from './stand-in.js'

/** Expects the SDK to throw an error as for an answer of Twilio. */
async function refuses (t: Test, call: Promise<unknown>, status: number, code: number): Promise<void> {
  const error = await call.then(() => null, (error: unknown) => error)
  t.ok(error instanceof twilio.RestException)
  t.match(error, { status, code, moreInfo: `https://www.twilio.com/docs/errors/${code}` })
}

t.test('services: create, fetch, update, list, remove', async t => {
  const { client, accountSid, serviceSid, baseUrl } = await standIn(t)
  const service = await client.verify.v2.services.create({ friendlyName: 'Bank', 'totp.timeStep': 60 })
  t.match(service, { accountSid, friendlyName: 'Bank', codeLength: 6, lookupEnabled: false })
  t.same(service.totp, { issuer: null, time_step: 60, code_length: null, skew: null })
  t.equal(service.url, `${baseUrl}/v2/Services/${service.sid}`)
  t.same((await client.verify.v2.services(service.sid).fetch()).toJSON(), service.toJSON())

  const updated = await client.verify.v2.services(service.sid)
    .update({
      'totp.issuer': 'Owl',
      'totp.codeLength': 8,
      'totp.skew': 2,
      'passkeys.relyingParty.origins': 'a.example,b.example'
    })
  t.same(updated.totp, { issuer: 'Owl', time_step: 60, code_length: 8, skew: 2 })
  t.same(updated.passkeys.relying_party.origins, ['a.example', 'b.example'])
  t.equal(updated.friendlyName, 'Bank')

  const factor = await client.verify.v2.services(service.sid).entities(newIdentity()).newFactors
    .create({ friendlyName: 'phone', factorType: 'totp' })
  t.same(factor.config, { alg: 'sha1', skew: 2, code_length: 8, time_step: 60 })
  t.match(factor.binding.uri, /^otpauth:\/\/totp\/Owl:phone\?.*&issuer=Owl&algorithm=SHA1&digits=8&period=60$/)

  const services = await client.verify.v2.services.list()
  t.same(services.map(({ sid }) => sid).sort(), [serviceSid, service.sid].sort())
  t.equal(await client.verify.v2.services(service.sid).remove(), true)
  await refuses(t, client.verify.v2.services(service.sid).fetch(), 404, 20404)
  await refuses(t, client.verify.v2.services(service.sid).remove(), 404, 20404)
})

t.test('entities: create, fetch, list, remove; their identities have no case', async t => {
  const { client, serviceSid } = await standIn(t)
  const { entities } = client.verify.v2.services(serviceSid)
  const verify = client.verify.v2.services(serviceSid)
  const entity = await entities.create({ identity: 'Some-Body-1' })
  t.match(entity, { identity: 'Some-Body-1', serviceSid })
  t.same((await verify.entities('sOME-bODY-1').fetch()).toJSON(), entity.toJSON())
  await refuses(t, entities.create({ identity: 'some-body-1' }), 409, 60301)
  t.same((await entities.list()).map(({ identity }) => identity), ['Some-Body-1'])

  await verify.entities('some-body-1').newFactors.create({ friendlyName: 'phone', factorType: 'totp' })
  t.equal((await entities.list()).length, 1)
  t.equal(await verify.entities('SOME-BODY-1').remove(), true)
  await refuses(t, verify.entities('Some-Body-1').fetch(), 404, 20404)
  await refuses(t, verify.entities('Some-Body-1').remove(), 404, 20404)
  await refuses(t, verify.entities('Some-Body-1').factors.list(), 404, 20404)
  t.not((await entities.create({ identity: 'some-body-1' })).sid, entity.sid)
})

t.test('factors: create, fetch, update, list, remove', async t => {
  const { client, serviceSid, now } = await standIn(t)
  const entity = client.verify.v2.services(serviceSid).entities(newIdentity())
  const factor = await entity.newFactors.create({
    friendlyName: 'phone',
    factorType: 'totp',
    'binding.secret': 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    'config.alg': 'sha512',
    'config.timeStep': 20,
    'config.skew': 0,
    'config.codeLength': 3,
    metadata: { os: 'Android' }
  })
  t.match(factor, { metadata: { os: 'Android' }, options: null, binding: { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' } })
  const { friendlyName, status, metadata, config } = await entity.factors(factor.sid).fetch()
  t.same({ friendlyName, status, metadata }, { friendlyName: 'phone', status: 'unverified', metadata: { os: 'Android' } })
  t.same(config, { alg: 'sha512', skew: 0, code_length: 3, time_step: 20 })

  const changed = await entity.factors(factor.sid)
    .update({ friendlyName: 'tablet', 'config.alg': 'sha256', 'config.codeLength': 8, 'config.skew': 2, 'config.timeStep': 60 })
  t.match(changed, { friendlyName: 'tablet', status: 'unverified' })
  t.same(changed.config, { alg: 'sha256', skew: 2, code_length: 8, time_step: 60 })
  const phone = authenticator(factor.binding.secret, { alg: 'sha256', codeLength: 8, timeStep: 60 })
  const verified = await entity.factors(factor.sid).update({ authPayload: phone.code(now() - 120), friendlyName: 'watch' })
  t.match(verified, { friendlyName: 'watch', status: 'verified' })

  t.same((await entity.factors.list()).map(({ sid }) => sid), [factor.sid])
  t.equal(await entity.factors(factor.sid).remove(), true)
  await refuses(t, entity.factors(factor.sid).fetch(), 404, 20404)
  await refuses(t, entity.factors(factor.sid).remove(), 404, 20404)
  t.same(await entity.factors.list(), [])
})

t.test('challenges: create, fetch, update, list', async t => {
  const { client, serviceSid, now, wait } = await standIn(t)
  const entity = client.verify.v2.services(serviceSid).entities(newIdentity())
  const enroll = async () => {
    const factor = await entity.newFactors.create({ friendlyName: 'phone', factorType: 'totp' })
    const phone = authenticator(factor.binding.secret)
    await entity.factors(factor.sid).update({ authPayload: phone.code(now()) })
    return { ...phone, sid: factor.sid }
  }
  const [one, two] = [await enroll(), await enroll()]
  wait(60)
  const challenge = await entity.challenges.create({
    factorSid: one.sid,
    expirationDate: new Date((now() + 600) * 1000),
    'details.message': 'Log in?',
    'details.fields': [{ label: 'Action', value: 'Log in' }, { label: 'From', value: 'here & there' }],
    hiddenDetails: { ip: '192.0.2.1' }
  })
  t.match(challenge, { status: 'pending', dateResponded: null, hiddenDetails: { ip: '192.0.2.1' }, respondedReason: 'none' })
  t.match(challenge.details, {
    message: 'Log in?', fields: [{ label: 'Action', value: 'Log in' }, { label: 'From', value: 'here & there' }]
  })
  t.equal(challenge.expirationDate.getTime() / 1000, now() + 600)
  t.same((await entity.challenges(challenge.sid).fetch()).toJSON(), challenge.toJSON())

  const noted = await entity.challenges(challenge.sid).update({ metadata: { os: 'Android' } })
  t.match(noted, { status: 'pending', metadata: { os: 'Android' } })
  wait(10)
  const approved = await entity.challenges(challenge.sid).update({ authPayload: one.code(now()) })
  t.match(approved, { status: 'approved', metadata: { os: 'Android' } })
  t.equal(approved.dateResponded.getTime() / 1000, now())
  await refuses(t, entity.challenges(challenge.sid).update({ authPayload: one.code(now()) }), 403, 60322)

  const other = await entity.challenges.create({ factorSid: two.sid })
  const sids = async (options: Parameters<typeof entity.challenges.list>[0]) =>
    (await entity.challenges.list(options)).map(({ sid }) => sid)
  t.same(await sids({}), [challenge.sid, other.sid])
  t.same(await sids({ order: 'desc' }), [other.sid, challenge.sid])
  t.same(await sids({ factorSid: two.sid }), [other.sid])
  t.same(await sids({ status: 'approved' }), [challenge.sid])
  t.same(await sids({ status: 'denied' }), [])
  wait(300)
  t.same(await sids({ status: 'expired' }), [other.sid])
  t.same(await sids({ status: 'pending' }), [])

  await entity.factors(two.sid).remove()
  await refuses(t, entity.challenges(other.sid).fetch(), 404, 20404)
  t.same(await sids({}), [challenge.sid], 'challenges are deleted with their factor')
})

t.test('lists continue over all pages', async t => {
  const { client, serviceSid } = await standIn(t)
  const verify = client.verify.v2.services(serviceSid)
  const identities = Array.from({ length: 7 }, (_, index) => `identity-${index}`)
  for (const identity of identities) await verify.entities.create({ identity })
  for (let count = 1; count < 5; count++) await client.verify.v2.services.create({ friendlyName: `service ${count}` })
  const entity = verify.entities('identity-0')
  const factors: string[] = []
  for (let count = 0; count < 6; count++) {
    factors.push((await entity.newFactors.create({ friendlyName: `no. ${count}`, factorType: 'totp' })).sid)
  }

  t.same((await verify.entities.list({ pageSize: 2 })).map(({ identity }) => identity), identities)
  t.same((await verify.entities.list({ limit: 3 })).map(({ identity }) => identity), identities.slice(0, 3))
  t.same((await verify.entities.list({ limit: 5, pageSize: 2 })).length, 5)
  t.equal((await client.verify.v2.services.list({ pageSize: 2 })).length, 5)
  t.same((await entity.factors.list({ pageSize: 4 })).map(({ sid }) => sid), factors)

  const each: string[] = []
  await new Promise<void>((resolve, reject) => entity.factors.each({
    pageSize: 2,
    callback: ({ sid }, done) => { each.push(sid); if (each.length === 6) done() },
    done: (error: unknown) => error instanceof Error ? reject(error) : resolve()
  }))
  t.same(each, factors)
})

t.test('pages link to the next and the previous page', async t => {
  const { client, serviceSid, baseUrl, fetch } = await standIn(t)
  const verify = client.verify.v2.services(serviceSid)
  const entity = verify.entities('identity-0')
  for (let count = 0; count < 5; count++) await entity.newFactors.create({ friendlyName: `${count}`, factorType: 'totp' })
  for (let count = 1; count < 5; count++) await verify.entities.create({ identity: `identity-${count}` })

  interface Page {
    readonly instances: ReadonlyArray<{ readonly friendlyName?: string, readonly identity?: string }>
    nextPage (): Promise<Page> | undefined
    previousPage (): Promise<Page> | undefined
  }
  const names = (page: Page | undefined) => page?.instances.map(({ friendlyName, identity }) => (friendlyName ?? identity)?.slice(-1)).join('')
  const lists = [
    async () => await entity.factors.page({ pageSize: 2 }),
    async () => await verify.entities.page({ pageSize: 2 })
  ]
  for (const page of lists) {
    const first: Page | undefined = await page()
    const second = await first.nextPage()
    const third = await second?.nextPage()
    t.same([first, second, third].map(names), ['01', '23', '4'])
    t.equal(await third?.nextPage(), undefined)
    const back = await third?.previousPage()
    const start = await back?.previousPage()
    t.same([back, start].map(names), ['23', '01'])
    t.equal(await start?.previousPage(), undefined)
    t.same(names(await start?.nextPage()), '23')
  }

  const { body: { meta } } = await fetch(`/Services/${serviceSid}/Entities/identity-0/Factors?PageSize=2`)
  const url = `${baseUrl}/v2/Services/${serviceSid}/Entities/identity-0/Factors`
  t.match(meta, {
    page: 0,
    page_size: 2,
    first_page_url: `${url}?PageSize=2&Page=0`,
    previous_page_url: null,
    url: `${url}?PageSize=2&Page=0`,
    key: 'factors'
  })
  t.match(meta.next_page_url, new RegExp(`^${url}\\?PageSize=2&Page=1&PageToken=PT[\\w-]+$`))
})

t.test('the next page starts at the right item although all items before it were deleted', async t => {
  const { client, serviceSid } = await standIn(t)
  const verify = client.verify.v2.services(serviceSid)
  const entity = verify.entities('identity-0')
  for (let count = 0; count < 6; count++) await entity.newFactors.create({ friendlyName: `${count}`, factorType: 'totp' })
  for (let count = 1; count < 6; count++) await verify.entities.create({ identity: `identity-${count}` })

  const factors = await entity.factors.page({ pageSize: 3 })
  for (const { sid } of factors.instances) await entity.factors(sid).remove()
  t.same((await factors.nextPage())?.instances.map(({ friendlyName }) => friendlyName), ['3', '4', '5'])
  const entities = await verify.entities.page({ pageSize: 3 })
  for (const { identity } of entities.instances) await verify.entities(identity).remove()
  const next = await entities.nextPage()
  t.same(next?.instances.map(({ identity }) => identity), ['identity-3', 'identity-4', 'identity-5'])
})

t.test('the previous page is right although its successor\'s first item, or all items before it, were deleted', async t => {
  const { client, serviceSid } = await standIn(t)
  const verify = client.verify.v2.services(serviceSid)
  const letters = [...'abcdefghijkl']
  for (const letter of letters) await verify.entities.create({ identity: `identity-${letter}` })
  const entity = verify.entities('identity-a')
  for (const letter of letters) await entity.newFactors.create({ friendlyName: letter, factorType: 'totp' })

  interface Instance {
    readonly identity?: string
    readonly friendlyName?: string
    readonly sid: string
  }
  interface Page {
    readonly instances: readonly Instance[]
    nextPage (): Promise<Page> | undefined
    previousPage (): Promise<Page> | undefined
  }
  const names = (page: Page | undefined) =>
    page?.instances.map(({ friendlyName, identity }) => (friendlyName ?? identity)?.slice(-1)).join('')
  const remove = async ({ identity, sid, friendlyName }: Instance) => friendlyName === undefined
    ? await verify.entities(identity ?? '').remove()
    : await entity.factors(sid).remove()
  const pages = [
    async (): Promise<Page> => await entity.factors.page({ pageSize: 2 }),
    async (): Promise<Page> => await verify.entities.page({ pageSize: 2 })
  ]
  for (const page of pages) {
    const first = await page()
    const second = await first.nextPage()
    for (const instance of second?.instances.slice(0, 1) ?? []) await remove(instance)
    t.equal(names(await second?.previousPage()), 'ab')
    for (const instance of first.instances) await remove(instance)
    const start = await second?.previousPage()
    t.equal(names(start), 'de', 'the first remaining items')
    t.equal(names(await start?.nextPage()), 'fg')
    t.equal(start?.previousPage(), undefined)
  }
})

t.test('filters apply to every page', async t => {
  const { client, serviceSid, now } = await standIn(t)
  const entity = client.verify.v2.services(serviceSid).entities(newIdentity())
  const { sid, binding } = await entity.newFactors.create({ friendlyName: 'phone', factorType: 'totp' })
  await entity.factors(sid).update({ authPayload: authenticator(binding.secret).code(now()) })
  const made: string[] = []
  for (let count = 0; count < 5; count++) made.push((await entity.challenges.create({ factorSid: sid })).sid)
  const found = await entity.challenges.list({ factorSid: sid, status: 'pending', order: 'desc', pageSize: 2 })
  t.same(found.map(({ sid }) => sid), made.reverse())
})

t.test('deleting a service deletes everything in it', async t => {
  const store = memoryStore<VerifyDocument>()
  const { client, serviceSid } = await standIn(t, { store })
  const verify = client.verify.v2.services(serviceSid)
  const other = await client.verify.v2.services.create({ friendlyName: 'other' })
  for (const sid of [serviceSid, serviceSid, other.sid]) {
    await client.verify.v2.services(sid).entities(newIdentity()).newFactors.create({ friendlyName: 'phone', factorType: 'totp' })
  }
  await verify.remove()
  const keys = await store.list(undefined, 100)
  t.equal(keys.length, 2)
  t.ok(keys.every(key => key.includes(other.sid)), 'and nothing else')
  await refuses(t, verify.entities.list(), 404, 20404)
  await refuses(t, verify.entities.create({ identity: newIdentity() }), 404, 20404)
})

t.test('the helper library throws our refusals as it throws Twilio\'s', async t => {
  const { client, serviceSid, accountSid } = await standIn(t)
  const verify = client.verify.v2.services(serviceSid)
  await refuses(t, verify.entities.create({ identity: 'x' }), 400, 60306)
  await refuses(t, verify.update({ 'totp.timeStep': 90 }), 400, 60200)
  await refuses(t, verify.entities(newIdentity()).newFactors.create({ friendlyName: 'x', factorType: 'push' }), 403, 60204)
  await refuses(t, verify.accessTokens.create({ identity: newIdentity(), factorType: 'push' }), 403, 60204)
  await refuses(t, verify.webhooks.list(), 403, 60204)
  await refuses(t, client.verify.v2.forms('form-push').fetch(), 403, 60204)
  await refuses(t, verify.newFactors.create({ identity: newIdentity(), friendlyName: 'key' }), 403, 60204)
  await refuses(t, verify.entities(newIdentity()).challenges(`YC${'0'.repeat(32)}`).notifications.create(), 403, 60204)
  await refuses(t, verify.verifications.create({ to: '+15017122661', channel: 'sms' }), 403, 60204)
  await refuses(t, verify.verificationChecks.create({ to: '+15017122661', code: '123456' }), 403, 60204)
  await refuses(t, verify.rateLimits.list(), 403, 60204)
  await refuses(t, verify.messagingConfigurations.list(), 403, 60204)
  const stranger = twilio(accountSid, 'x'.repeat(32))
  stranger.verify.baseUrl = client.verify.baseUrl
  await refuses(t, stranger.verify.v2.services(serviceSid).fetch(), 401, 20003)
})
