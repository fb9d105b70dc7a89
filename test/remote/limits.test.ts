import t from 'tap'
import { refusal } from './hostile.js'
import { codeOf, counted, enrolledThere, keptFactor, kept, RIGHT, there, WRONG } from './there.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }

t.test('of a thousand guesses one after the other five reach Twilio, and five more after the lock', async t => {
  const { login, server, wait } = await there(t)
  await enrolledThere(await login('alice'))
  const thief = await login('alice')
  const judged = () => server.asked('create').length + server.asked('update').length
  const statuses = new Set<string | undefined>()
  for (let guess = 0; guess < 1000; guess++) statuses.add((await thief.challenge(codeOf(guess))).code)
  t.strictSame([...statuses], [DENIED.code, LOCKED.code])
  t.equal(judged(), 5)
  wait(30)
  for (let guess = 0; guess < 20; guess++) await thief.challenge(codeOf(1000 + guess))
  t.equal(judged(), 10)
})

t.test('of a thousand guesses at once, over many sessions, five reach Twilio', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const people = await Promise.all(Array.from({ length: 20 }, async () => await login('alice')))
  const answers = await Promise.all(Array.from({ length: 50 }, (_, round) =>
    people.map(async (person, index) => await person.copy().challenge(codeOf(round * 20 + index)))).flat())
  t.strictSame(answers.filter(({ status }) => ![403, 429, 503].includes(status)), [])
  const judged = server.asked('create').length + server.asked('update').length
  t.ok(judged <= 5, `${judged} reached Twilio`)
  t.equal(await counted(store), 5, 'whatever became of them')
  t.match((await kept(store)).attempts, { pending: { length: 0 } })
})

t.test('a challenge that a wrong code left pending is asked again, up to five codes', async t => {
  const { login, server, wait } = await there(t, { totp: { attempts: { lockAfter: 10 } } })
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  for (let i = 0; i < 9; i++) t.match(await person.challenge(WRONG), DENIED)
  t.strictSame(server.log.slice(-9).map(({ kind }) => kind), [
    'create', 'update', 'update', 'update', 'update', 'create', 'update', 'update', 'update'
  ])
  t.match(await person.challenge(RIGHT), { status: 200 })
  t.equal(server.log.at(-1)?.kind, 'update')
  t.equal((await person.challenge(WRONG)).status, 403)
  t.equal(server.log.at(-1)?.kind, 'create', 'one that is approved takes no more codes')
  wait(240)
  await person.challenge(WRONG)
  t.equal(server.log.at(-1)?.kind, 'update')
  wait(1)
  await person.challenge(WRONG)
  t.equal(server.log.at(-1)?.kind, 'create', 'one that is about to expire is left alone')
})

t.test('a pending challenge takes one code at a time', async t => {
  const { login, server } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  await person.challenge(WRONG)
  const kinds = server.log.length
  await Promise.all([1, 2].map(async n => await person.copy().challenge(codeOf(n))))
  t.strictSame(server.log.slice(kinds).map(({ kind }) => kind).sort(), ['create', 'update'])
})

t.test('a challenge that has been answered meanwhile is left, and one more request makes a new one', async t => {
  for (const code of [60322, 60323]) {
    const { login, server } = await there(t)
    await enrolledThere(await login('alice'))
    const person = await login('alice')
    await person.challenge(WRONG)
    server.answer('update', refusal(403, code))
    t.match(await person.challenge(RIGHT), { status: 503, code: 'ERR_TOTP_CONFLICT', headers: { 'retry-after': '1' } })
    t.match(await person.challenge(RIGHT), { status: 200 })
    t.equal(server.log.at(-1)?.kind, 'create')
  }
})

t.test('the fifty-first challenge of an hour waits until Twilio would create it', async t => {
  const { login, server, wait, store } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  for (let n = 1; n <= 50; n++) {
    server.right.add(codeOf(n))
    t.equal((await person.challenge(codeOf(n))).status, 200)
    wait(10)
  }
  server.right.add(codeOf(51))
  t.match(await person.challenge(codeOf(51)), { ...LOCKED, headers: { 'retry-after': '3101' } })
  t.equal(server.asked('create').length, 50)
  t.equal(await counted(store), 0, 'and is no attempt')
  wait(3100)
  t.match(await person.challenge(codeOf(51)), { ...LOCKED, headers: { 'retry-after': '1' } })
  wait(1)
  t.match(await person.challenge(codeOf(51)), { status: 200 })
  t.equal(server.asked('create').length, 51)
})

t.test('the hundred-and-first challenge of a day waits', async t => {
  const { login, server, wait } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  for (let n = 1; n <= 100; n++) {
    server.right.add(codeOf(n))
    t.equal((await person.challenge(codeOf(n))).status, 200)
    wait(100)
  }
  server.right.add(codeOf(101))
  t.match(await person.challenge(codeOf(101)), { ...LOCKED, headers: { 'retry-after': String(86_401 - 10_000) } })
  t.equal(server.asked('create').length, 100)
  wait(86_401 - 10_000)
  t.match(await person.challenge(codeOf(101)), { status: 200 })
})

t.test('a pending challenge goes on where no new one would be created', async t => {
  const { login, server, wait } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  for (let n = 1; n <= 50; n++) {
    if (n < 50) server.right.add(codeOf(n))
    await person.challenge(codeOf(n))
    wait(1)
  }
  t.match(await person.challenge(RIGHT), { status: 200 })
  t.equal(server.log.at(-1)?.kind, 'update')
})

t.test('what Twilio did not create is not counted as created', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  server.answer('create', refusal(429, 20429))
  for (let i = 0; i < 60; i++) t.match(await person.challenge(RIGHT), LOCKED)
  server.mend()
  t.match(await person.challenge(RIGHT), { status: 200 })
  t.equal((await keptFactor(store)).created.length, 1)
})
