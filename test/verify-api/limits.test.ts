import t from 'tap'
import { enroll, enrollVerified, newIdentity } from './enrolled.js'
import { standIn, type StandInResponse } from './stand-in.js'

const HOUR = 3600
const DAY = 24 * HOUR

function refusal ({ status, body }: StandInResponse): readonly [number, number] {
  return [status, body.code]
}

t.test('an unverified factor takes five codes, and refuses the sixth even if it is right', async t => {
  const { now, ...service } = await standIn(t)
  const factor = await enroll(service)
  for (let attempt = 1; attempt <= 5; attempt++) {
    const { status, body } = await factor.update({ AuthPayload: factor.wrongCode(now()) })
    t.same([status, body.status], [200, 'unverified'], `attempt ${attempt}`)
  }
  t.same(refusal(await factor.update({ AuthPayload: factor.code(now()) })), [429, 60310])
  t.equal((await factor.update({ FriendlyName: 'another' })).body.friendly_name, 'another', 'only codes are limited')
  const other = await enroll(service, factor.entity.split('/').at(-1))
  t.equal((await other.update({ AuthPayload: other.code(now()) })).body.status, 'verified', 'another one is not affected')
})

t.test('a fifth code that is right still verifies', async t => {
  const { now, ...service } = await standIn(t)
  const factor = await enroll(service)
  for (let attempt = 1; attempt <= 4; attempt++) await factor.update({ AuthPayload: factor.wrongCode(now()) })
  t.equal((await factor.update({ AuthPayload: factor.code(now()) })).body.status, 'verified')
})

t.test('a challenge takes five codes, including the one it was created with', async t => {
  const service = await standIn(t)
  const { now } = service
  const factor = await enrollVerified(service)
  const { body: { sid } } = await factor.challenge(factor.wrongCode(now()))
  for (let attempt = 2; attempt <= 5; attempt++) {
    const { status, body } = await factor.answer(sid, factor.wrongCode(now()))
    t.same([status, body.status], [200, 'pending'], `attempt ${attempt}`)
  }
  t.same(refusal(await factor.answer(sid, factor.code(now()))), [429, 60308])
  t.equal((await factor.challenge(factor.code(now()))).body.status, 'approved', 'another one is not affected')
})

t.test('a factor has fifty challenges an hour, approved or not', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  for (let count = 1; count <= 49; count++) t.equal((await factor.challenge()).status, 201)
  t.equal((await factor.challenge(factor.code(service.now()))).body.status, 'approved')
  t.same(refusal(await factor.challenge()), [429, 60312])
  const other = await enrollVerified(service, factor.entity.split('/').at(-1))
  t.equal((await other.challenge()).status, 201, 'another factor has its own limit')
  service.wait(HOUR - 60)
  t.equal((await factor.challenge()).status, 201)
})

t.test('a factor has a hundred challenges a day', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  for (let hour = 1; hour <= 2; hour++) {
    for (let count = 1; count <= 50; count++) t.equal((await factor.challenge()).status, 201)
    service.wait(HOUR)
  }
  t.same(refusal(await factor.challenge()), [429, 60312])
  service.wait(DAY - 2 * HOUR - 1)
  t.same(refusal(await factor.challenge()), [429, 60312])
  service.wait(1)
  t.equal((await factor.challenge()).status, 201)
})

t.test('a factor with codes of four digits or less has ten challenges a day', async t => {
  const service = await standIn(t)
  for (const length of ['3', '4']) {
    const factor = await enrollVerified(service, newIdentity(), { 'Config.CodeLength': length })
    for (let count = 1; count <= 10; count++) t.equal((await factor.challenge()).status, 201)
    service.wait(DAY - 1)
    t.same(refusal(await factor.challenge()), [429, 60312])
    service.wait(1)
    t.equal((await factor.challenge()).status, 201)
  }
})

t.test('changing the code length does not get around the limit of challenges', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  for (let count = 1; count <= 10; count++) await factor.challenge()
  await factor.update({ 'Config.CodeLength': '4' })
  t.same(refusal(await factor.challenge()), [429, 60312])
})

t.test('an entity may create a hundred factors a day', async t => {
  const service = await standIn(t)
  const identity = newIdentity()
  for (let count = 1; count <= 100; count++) {
    const { entity, sid } = await enroll(service, identity)
    t.equal((await service.fetch(`${entity}/Factors/${sid}`, { method: 'DELETE' })).status, 204)
  }
  const again = async () => await service.fetch(`/Services/${service.serviceSid}/Entities/${identity}/Factors`, {
    method: 'POST', form: { FriendlyName: 'phone', FactorType: 'totp' }
  })
  t.same(refusal(await again()), [429, 60326])
  service.wait(DAY)
  t.equal((await again()).status, 201)
})

t.test('an entity has a hundred factors', async t => {
  const service = await standIn(t)
  const identity = newIdentity()
  for (let count = 1; count <= 100; count++) await enroll(service, identity)
  const { status, body } = await service.fetch(`/Services/${service.serviceSid}/Entities/${identity}/Factors`, {
    method: 'POST', form: { FriendlyName: 'phone', FactorType: 'totp' }
  })
  t.same([status, body.code], [400, 60315])
})

t.test('an unverified factor expires after an hour, a verified one never', async t => {
  const service = await standIn(t)
  const identity = newIdentity()
  const verified = await enrollVerified(service, identity)
  const unverified = await enroll(service, identity)
  const statusOf = async (sid: string) => (await service.fetch(`${verified.entity}/Factors/${sid}`)).status
  service.wait(HOUR)
  t.equal(await statusOf(unverified.sid), 200)
  service.wait(1)
  t.equal(await statusOf(unverified.sid), 404)
  t.equal(await statusOf(verified.sid), 200)
  t.equal((await unverified.update({ AuthPayload: unverified.code(service.now()) })).status, 404)
  const { body: { factors } } = await service.fetch(`${verified.entity}/Factors`)
  t.same(factors.map(({ sid }: { sid: string }) => sid), [verified.sid])
})

t.test('an entity can import a secret once', async t => {
  const service = await standIn(t)
  const identity = newIdentity()
  const form = { FriendlyName: 'x', FactorType: 'totp', 'Binding.Secret': 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
  const path = (name: string) => `/Services/${service.serviceSid}/Entities/${name}/Factors`
  const { status, body } = await service.fetch(path(identity), { method: 'POST', form })
  t.equal(status, 201)
  t.equal(body.binding.secret, form['Binding.Secret'])
  t.same(refusal(await service.fetch(path(identity), { method: 'POST', form })), [409, 60317])
  const spelled = { ...form, 'Binding.Secret': 'gezd gnbv gy3t qojq gezd gnbv gy3t qojq' }
  t.same(refusal(await service.fetch(path(identity.toUpperCase()), { method: 'POST', form: spelled })), [409, 60317])
  t.equal((await service.fetch(path(newIdentity()), { method: 'POST', form })).status, 201, 'another entity may have it')
  t.equal((await enroll(service, identity)).sid.length, 34, 'and this one may have another secret')
})

t.test('a challenge needs a verified factor', async t => {
  const service = await standIn(t)
  const factor = await enroll(service)
  t.same(refusal(await factor.challenge(factor.code(service.now()))), [403, 60318])
  t.equal((await factor.update({ AuthPayload: factor.code(service.now()) })).body.status, 'verified', 'nothing was burnt')
})

t.test('a verified factor takes no codes outside challenges', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  for (const code of [factor.code(service.now()), factor.wrongCode(service.now())]) {
    t.same(refusal(await factor.update({ AuthPayload: code })), [403, 60311])
  }
  t.equal((await factor.challenge(factor.code(service.now()))).body.status, 'approved', 'nothing was burnt')
})

t.test('a challenge can be approved once', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const { body: { sid } } = await factor.challenge(factor.code(service.now()))
  service.wait(30)
  t.same(refusal(await factor.answer(sid, factor.code(service.now()))), [403, 60322])
  service.wait(HOUR)
  t.equal((await service.fetch(`${factor.entity}/Challenges/${sid}`)).body.status, 'approved', 'it does not expire')
})

t.test('a challenge expires after five minutes, or at its expiration date', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const at = (seconds: number) => new Date((service.now() + seconds) * 1000).toISOString()
  const byDefault = (await factor.challenge()).body
  const longest = (await factor.challenge(undefined, { ExpirationDate: at(HOUR) })).body
  t.equal(Date.parse(byDefault.expiration_date) / 1000, service.now() + 300)
  t.equal(Date.parse(longest.expiration_date) / 1000, service.now() + HOUR)
  for (const date of [at(HOUR + 1), at(0), at(-1), 'tomorrow', '', '2027-01-01', '2027-13-41T00:00:00Z']) {
    t.same(refusal(await factor.challenge(undefined, { ExpirationDate: date })), [400, 60306], date)
  }

  service.wait(299)
  t.equal((await service.fetch(`${factor.entity}/Challenges/${byDefault.sid}`)).body.status, 'pending')
  service.wait(1)
  t.equal((await service.fetch(`${factor.entity}/Challenges/${byDefault.sid}`)).body.status, 'expired')
  t.same(refusal(await factor.answer(byDefault.sid, factor.code(service.now()))), [403, 60323])
  t.equal((await factor.answer(longest.sid, factor.code(service.now()))).body.status, 'approved', 'nothing was burnt')
})

t.test('an expiration date may come as any of Twilio\'s libraries sends it; without an offset it is UTC', async t => {
  const { TZ } = process.env
  t.teardown(() => { TZ === undefined ? delete process.env['TZ'] : process.env['TZ'] = TZ })
  process.env['TZ'] = 'America/New_York'
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const text = new Date((service.now() + 600) * 1000).toISOString()
  const [local, minute] = [text.slice(0, 19), text.slice(0, 16)]
  const east = `${new Date((service.now() + 600 + 7200) * 1000).toISOString().slice(0, 19)}+02:00`
  const dates = [local, `${local}Z`, `${local}.5`, `${local}.123456789Z`, `${local}.000000Z`, `${local}+00:00`, east, minute, `${minute}Z`]
  for (const ExpirationDate of dates) {
    const { expiration_date: date } = (await factor.challenge(undefined, { ExpirationDate })).body
    t.equal(Date.parse(date) / 1000, service.now() + 600, ExpirationDate)
  }
  const wrong = [`${local} `, local.replace('T', ' '), local.slice(0, 13), `${local}z`, `${local}+0200`, `${local}[UTC]`, `${local}.`]
  for (const ExpirationDate of wrong) {
    t.same(refusal(await factor.challenge(undefined, { ExpirationDate })), [400, 60306], ExpirationDate)
  }
})

t.test('after the clock is set back, challenges from the future do not count and cannot be approved', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service, undefined, { 'Config.CodeLength': '4' })
  service.wait(86_400)
  const { body: { sid } } = await factor.challenge()
  for (let count = 0; count < 10; count++) await factor.challenge()
  t.match((await factor.challenge()).body, { code: 60312 })
  service.wait(-31)
  t.match(await factor.answer(sid, factor.code(service.now())), { status: 403, body: { code: 60323 } })
  t.equal((await service.fetch(`${factor.entity}/Challenges/${sid}`)).body.status, 'expired')
  t.match((await factor.challenge(factor.code(service.now()))).body, { status: 'approved' })
})

t.test('an entity keeps its newest hundred challenges, and drops pending ones last', async t => {
  const service = await standIn(t)
  const identity = newIdentity()
  const first = await enrollVerified(service, identity)
  const second = await enrollVerified(service, identity)
  const third = await enrollVerified(service, identity)
  const { entity } = first
  const waiting = (await first.challenge()).body
  const over = (await first.challenge(first.code(service.now()))).body
  for (let count = 3; count <= 50; count++) await first.challenge()
  for (let count = 51; count <= 100; count++) await second.challenge()
  const has = async (sid: string) => (await service.fetch(`${entity}/Challenges/${sid}`)).status
  t.same([await has(waiting.sid), await has(over.sid)], [200, 200])
  await third.challenge()
  t.same([await has(waiting.sid), await has(over.sid)], [200, 404])
  await third.challenge()
  t.same([await has(waiting.sid)], [404], 'when all are pending, the oldest is dropped')
  const { body } = await service.fetch(`${entity}/Challenges?PageSize=1000`)
  t.equal(body.challenges.length, 100)
})
