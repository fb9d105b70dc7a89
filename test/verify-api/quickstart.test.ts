import t from 'tap'
import { authenticator } from '../authenticator.js'
import { standIn } from './stand-in.js'

const IDENTITY = 'ff483d1ff591898a9942916050d2ca3f'

t.test('the quickstart works step by step with Twilio\'s helper library', async t => {
  const { client, accountSid, now, wait } = await standIn(t)

  const service = await client.verify.v2.services.create({ friendlyName: 'My First Verify Service' })
  t.match(service.sid, /^VA[0-9a-f]{32}$/)
  const verify = client.verify.v2.services(service.sid)

  const factor = await verify.entities(IDENTITY).newFactors
    .create({ friendlyName: 'Taylor\'s Account Name', factorType: 'totp' })
  t.match(factor, { accountSid, serviceSid: service.sid, identity: IDENTITY })
  t.match(factor, { status: 'unverified', factorType: 'totp', friendlyName: 'Taylor\'s Account Name' })
  t.match(factor.sid, /^YF02[0-9a-f]{30}$/)
  t.match(factor.entitySid, /^YE[0-9a-f]{32}$/)
  t.equal(factor.binding.uri, 'otpauth://totp/My%20First%20Verify%20Service:Taylor\'s%20Account%20Name' +
    `?secret=${factor.binding.secret}&issuer=My%20First%20Verify%20Service&algorithm=SHA1&digits=6&period=30`)

  const phone = authenticator(factor.binding.secret)
  const enrolled = verify.entities(IDENTITY).factors(factor.sid)
  const wrong = await enrolled.update({ authPayload: phone.wrongCode(now()) })
  t.equal(wrong.status, 'unverified')
  const verified = await enrolled.update({ authPayload: phone.code(now()) })
  t.equal(verified.status, 'verified')

  wait(30)
  const denied = await verify.entities(IDENTITY).challenges
    .create({ factorSid: factor.sid, authPayload: phone.wrongCode(now()) })
  t.equal(denied.status, 'pending')
  const challenge = await verify.entities(IDENTITY).challenges
    .create({ factorSid: factor.sid, authPayload: phone.code(now()) })
  t.match(challenge.sid, /^YC02[0-9a-f]{30}$/)
  t.equal(challenge.status, 'approved')
  t.equal(challenge.dateResponded.getTime(), now() * 1000)
})

t.test('the quickstart works with plain HTTP', async t => {
  const { fetch, serviceSid, now, wait } = await standIn(t)
  const entity = `/Services/${serviceSid}/Entities/${IDENTITY}`
  const { status, body: factor } = await fetch(`${entity}/Factors`, {
    method: 'POST', form: 'FriendlyName=Taylor%27s+Account&FactorType=totp&Config.Alg=sha256&Config.CodeLength=8'
  })
  t.equal(status, 201)
  t.equal(factor.friendly_name, 'Taylor\'s Account')
  t.same(factor.config, { alg: 'sha256', skew: 1, code_length: 8, time_step: 30 })

  const phone = authenticator(factor.binding.secret, { alg: 'sha256', codeLength: 8 })
  const verified = await fetch(`${entity}/Factors/${factor.sid}`, {
    method: 'POST', form: { AuthPayload: phone.code(now()) }
  })
  t.equal(verified.status, 200)
  t.equal(verified.body.status, 'verified')
  t.notOk('binding' in verified.body)

  wait(30)
  const pending = await fetch(`${entity}/Challenges`, { method: 'POST', form: { FactorSid: factor.sid } })
  t.equal(pending.status, 201)
  t.match(pending.body, { status: 'pending', date_responded: null })
  const approved = await fetch(`${entity}/Challenges/${pending.body.sid}`, {
    method: 'POST', form: { AuthPayload: phone.code(now()) }
  })
  t.equal(approved.status, 200)
  t.equal(approved.body.status, 'approved')
})
