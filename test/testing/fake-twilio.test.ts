import t from 'tap'
import twilio from 'twilio'
import { twilioProvider } from '../../src/index.js'
import { fakeTwilio, testClock, virtualAuthenticator } from '../../src/testing.js'
import { site } from '../site.js'

t.test('an application with twilioProvider enrolls and answers challenges, without a socket', async t => {
  t.intercept(globalThis, 'fetch', { value: () => { throw new Error('no request leaves the process') } })
  const clock = testClock()
  const twilioAccount = await fakeTwilio({ twilio, clock })
  const { login, store } = await site(t, { totp: { clock, provider: twilioProvider(twilioAccount) } })
  const alice = await login('alice')
  const { factor, binding } = (await alice.post('/totp/factors', {})).json()
  const phone = virtualAuthenticator(binding, { clock })
  t.equal((await alice.post(`/totp/factors/${factor.sid}/verify`, { code: phone.nextCode() })).status, 200)
  t.equal((await alice.challenge(phone.nextCode())).status, 200)
  t.equal((await alice.challenge(phone.code())).code, 'ERR_TOTP_CHALLENGE_DENIED', 'Twilio denies a spent code')
  t.match(await store.get('identity:alice'), { factors: [{ provider: 'twilio' }] })
  t.equal((await alice.delete(`/totp/factors/${factor.sid}`)).status, 204)
})

t.test('its client is Twilio\'s own: lists, pages, errors', async t => {
  const { client, serviceSid } = await fakeTwilio({ twilio })
  const service = client.verify.v2.services(serviceSid)
  t.match(await service.fetch(), { sid: serviceSid, friendlyName: 'Test' })
  const entity = service.entities('user-00000001')
  for (const friendlyName of ['Taylor & Co = 100 %', 'Ä']) {
    await entity.newFactors.create({ friendlyName, factorType: 'totp' })
  }
  const factors = await entity.factors.list({ pageSize: 1 })
  t.strictSame(factors.map(({ friendlyName }) => friendlyName).sort(), ['Taylor & Co = 100 %', 'Ä'])
  t.match(factors[0]?.url, /^https:\/\/verify\.twilio\.com\/v2\/Services\//)
  await t.rejects(service.entities('user-00000002').fetch(), { status: 404, code: 20404 })
  await t.rejects(service.entities('user').fetch(), { status: 404, code: 20404 })
  await t.rejects(service.rateLimits(serviceSid).fetch(), { status: 404, code: 20404 }, 'Verify without TOTP is not here')
  await t.rejects(entity.newFactors.create({ friendlyName: '', factorType: 'totp' }), { status: 400, code: 20001 })
  const fields = [{ label: 'Action', value: 'Log in' }, { label: 'From', value: 'here & there' }]
  const { sid: factorSid, binding } = await entity.newFactors.create({ friendlyName: 'Phone', factorType: 'totp' })
  await entity.factors(factorSid).update({ authPayload: virtualAuthenticator(binding).code() })
  const challenge = await entity.challenges.create({ factorSid, 'details.message': 'Log in', 'details.fields': fields })
  t.match(challenge, { status: 'pending', details: { message: 'Log in', fields } })
  t.equal(await entity.remove(), true)
})

t.test('each call is another account', async t => {
  const [one, two] = [await fakeTwilio({ twilio }), await fakeTwilio({ twilio })]
  t.not(one.serviceSid, two.serviceSid)
  await t.rejects(two.client.verify.v2.services(one.serviceSid).fetch(), { status: 404, code: 20404 })
})

t.test('the stand-in has the clock of the test', async t => {
  const clock = testClock(1_700_000_000)
  const { client, serviceSid } = await fakeTwilio({ twilio, clock })
  const { dateCreated } = await client.verify.v2.services(serviceSid).fetch()
  t.equal(dateCreated.getTime(), 1_700_000_000_000)
})

t.test('a clock of milliseconds is refused here, instead of an account without a service', async t => {
  await t.rejects(fakeTwilio({ twilio, clock: () => Date.now() }), { code: 'ERR_TOTP_INVALID_OPTION', message: /"clock"/ })
})
