import t from 'tap'
import { memoryStore } from '../../src/index.js'
import type { VerifyDocument } from '../../src/verify-api.js'
import { authenticator } from '../authenticator.js'
import { START } from '../site.js'
import { enroll, enrollVerified, newIdentity } from './enrolled.js'
import { standIn } from './stand-in.js'

t.test('the code that verified a factor approves no challenge', async t => {
  const service = await standIn(t)
  const factor = await enroll(service)
  const code = factor.code(service.now())
  t.equal((await factor.update({ AuthPayload: code })).body.status, 'verified')
  t.equal((await factor.challenge(code)).body.status, 'pending')
})

t.test('a code approves one challenge, whether the challenge was created before or with it', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const waiting = (await factor.challenge()).body.sid
  const code = factor.code(service.now())
  t.equal((await factor.challenge(code)).body.status, 'approved')
  t.equal((await factor.challenge(code)).body.status, 'pending')
  t.equal((await factor.answer(waiting, code)).body.status, 'pending')
  t.equal((await factor.answer(waiting, factor.code(service.now() - 30))).body.status, 'pending', 'nor does an earlier code')
  t.equal((await factor.answer(waiting, factor.code(service.now() + 30))).body.status, 'approved', 'the next code does')
})

t.test('when two steps have the same code, both are burnt', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service, newIdentity(), { 'Config.CodeLength': '3', 'Config.Skew': '2' })
  const at = (seconds: number) => factor.code(service.now() + seconds)
  while (at(-30) !== at(30) || [90, 120].some(seconds => at(seconds) === at(30))) service.wait(30)
  const code = at(30)
  t.equal((await factor.challenge(code)).body.status, 'approved')
  t.equal((await factor.challenge(code)).body.status, 'pending')
  service.wait(60)
  t.equal((await factor.challenge(code)).body.status, 'pending')
})

t.test('after a change of the time step spent codes stay spent and the factor keeps working', async t => {
  const service = await standIn(t)
  for (const [first, second] of [[30, 60], [60, 20], [20, 60], [29, 30]] as const) {
    const factor = await enrollVerified(service, newIdentity(), { 'Config.TimeStep': String(first) })
    const phones = [first, second].map(timeStep => authenticator(factor.secret, { timeStep }))
    const code = phones[0]?.code(service.now())
    t.equal((await factor.challenge(code)).body.status, 'approved')
    const changed = await factor.update({ 'Config.TimeStep': String(second) })
    t.match(changed.body, { status: 'verified', config: { time_step: second } })
    t.equal((await factor.challenge(code)).body.status, 'pending')
    await factor.update({ 'Config.TimeStep': String(first) })
    t.equal((await factor.challenge(code)).body.status, 'pending', 'also after the time step is changed back')
    await factor.update({ 'Config.TimeStep': String(second) })
    service.wait(120)
    t.equal((await factor.challenge(phones[1]?.code(service.now()))).body.status, 'approved', `${first} to ${second}`)
  }
})

t.test('of fifty requests with the same code on two instances, one is approved', async t => {
  const store = memoryStore<VerifyDocument>()
  let time = START
  const one = await standIn(t, { store, clock: () => time })
  const two = await standIn(t, { store, clock: () => time })
  const factor = await enroll(one)
  await factor.update({ AuthPayload: factor.code(time) })
  time += 60
  const code = factor.code(time)
  const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) =>
    await (index % 2 === 0 ? one : two).fetch(`${factor.entity}/Challenges`, {
      method: 'POST', form: { FactorSid: factor.sid, AuthPayload: code }
    })))
  t.equal(answers.filter(({ body }) => body.status === 'approved').length, 1)
  for (const { status, body } of answers) {
    t.ok(status === 201 || (status === 503 && body.code === 20503), String(status))
  }
  const { body: { challenges } } = await one.fetch(`${factor.entity}/Challenges?Status=approved`)
  t.equal(challenges.length, 1)
})

t.test('of fifty requests with the same code for one challenge, one is approved', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const { body: { sid } } = await factor.challenge()
  const code = factor.code(service.now())
  const answers = await Promise.all(Array.from({ length: 50 }, async () => await factor.answer(sid, code)))
  t.equal(answers.filter(({ body }) => body.status === 'approved').length, 1)
  for (const { body } of answers) t.ok(body.status === 'approved' || [60322, 20503].includes(body.code))
})

t.test('of fifty wrong codes for one factor on two instances, five are judged', async t => {
  const store = memoryStore<VerifyDocument>()
  const [one, two] = [await standIn(t, { store }), await standIn(t, { store })]
  const factor = await enroll(one)
  const wrong = factor.wrongCode(one.now())
  const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) =>
    await (index % 2 === 0 ? one : two).fetch(`${factor.entity}/Factors/${factor.sid}`, {
      method: 'POST', form: { AuthPayload: wrong }
    })))
  t.equal(answers.filter(({ status }) => status === 200).length, 5)
  t.equal(answers.filter(({ body }) => body.code === 60310).length, 45)
})

t.test('of fifty wrong codes for one challenge, five are judged', async t => {
  const service = await standIn(t)
  const factor = await enrollVerified(service)
  const { body: { sid } } = await factor.challenge()
  const wrong = factor.wrongCode(service.now())
  const answers = await Promise.all(Array.from({ length: 50 }, async () => await factor.answer(sid, wrong)))
  t.equal(answers.filter(({ status }) => status === 200).length, 5)
  t.equal(answers.filter(({ body }) => body.code === 60308).length, 45)
})

t.test('of fifty requests that create an entity at the same time, one does', async t => {
  const service = await standIn(t)
  const answers = await Promise.all(Array.from({ length: 50 }, async () =>
    await service.fetch(`/Services/${service.serviceSid}/Entities`, { method: 'POST', form: { Identity: 'identity-one' } })))
  t.equal(answers.filter(({ status }) => status === 201).length, 1)
  t.equal(answers.filter(({ body }) => body.code === 60301).length, 49)
})

t.test('nothing is answered before it is stored', async t => {
  const kept = memoryStore<VerifyDocument>()
  let broken = false
  const service = await standIn(t, {
    store: {
      ...kept,
      async replace (key, expected, next) {
        if (broken) throw new Error('the store is down')
        return await kept.replace(key, expected, next)
      }
    }
  })
  const factor = await enroll(service)
  const verified = await enrollVerified(service)
  const { body: { sid } } = await verified.challenge()
  broken = true
  const answers = [
    await factor.update({ AuthPayload: factor.code(service.now()) }),
    await factor.update({ AuthPayload: factor.wrongCode(service.now()) }),
    await verified.challenge(verified.code(service.now())),
    await verified.answer(sid, verified.code(service.now())),
    await verified.answer(sid, verified.wrongCode(service.now()))
  ]
  for (const { status, body } of answers) t.same([status, body.code], [503, 20503])
  broken = false
  t.equal((await verified.answer(sid, verified.code(service.now()))).body.status, 'approved')
})
