import { randomBytes } from 'node:crypto'
import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { codeIn } from '../code-in-text.js'
import { instances } from '../instances.js'
import {
  arrived, codeOf, enrolledThere, FIRST, hold, kept, keptFactor, providerAt, RIGHT, there
} from './there.js'
import { hostile } from './hostile.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }

t.test('a code that Twilio approves twice is approved once, for as long as it can be current', async t => {
  const { login, server, wait, store } = await there(t, { totp: { attempts: { lockFor: 30 } } })
  await enrolledThere(await login('alice'))
  t.match(await (await login('alice')).challenge(RIGHT), { status: 200 })
  const thief = await login('alice')
  for (let waited = 0; waited <= 210; waited += 30) {
    t.match(await thief.challenge(RIGHT), DENIED, `after ${waited} s`)
    wait(30)
    if (waited === 60) await thief.challenge(codeOf(77))
    server.right.add(codeOf(waited + 1))
    t.match(await (await login('alice')).challenge(codeOf(waited + 1)), { status: 200 })
  }
  t.equal(server.log.filter(({ form }) => form['AuthPayload'] === RIGHT).length, 1, 'Twilio is asked once')
  t.match(await thief.vault(), { status: 403 })
  t.ok((await keptFactor(store)).spent.length >= 5)
})

t.test('the code that verified a factor is spent', async t => {
  const { login, server } = await there(t)
  const alice = await login('alice')
  await enrolledThere(alice)
  t.match(await alice.challenge(FIRST), DENIED)
  t.match(await (await login('alice')).challenge(FIRST), DENIED)
  t.strictSame(server.asked('create'), [])
})

t.test('a code is the same in every spelling', async t => {
  const { login, server } = await there(t)
  await enrolledThere(await login('alice'))
  t.match(await (await login('alice')).challenge(`${RIGHT.slice(0, 3)} ${RIGHT.slice(3)}`), { status: 200 })
  t.match(await (await login('alice')).challenge(RIGHT), DENIED)
  t.match(await (await login('alice')).challenge(`${RIGHT.slice(0, 3)}-${RIGHT.slice(3)}`), DENIED)
  t.equal(server.asked('create').length, 1)
})

t.test('of requests with one code at once, over instances, one is asked about and one is approved', async t => {
  const server = await hostile(t)
  server.right.add(FIRST).add(RIGHT)
  const { all, one } = await instances(t, { totp: { provider: providerAt(server) } })
  await enrolledThere(await one.login('alice'))
  const people = await Promise.all([...all, ...all].map(async site => await site.login('alice')))
  const answers = await Promise.all(people.map(async person => await person.challenge(RIGHT)))
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 403, 403, 403])
  t.equal(server.asked('create').length, 1)
})

t.test('while Twilio is asked about a code, another request with it is a wrong one', async t => {
  const { login, server } = await there(t)
  await enrolledThere(await login('alice'))
  const held = hold(server, 'create')
  const person = await login('alice')
  const answer = person.challenge(RIGHT)
  await arrived(server, 'create', 1)
  t.match(await (await login('alice')).challenge(RIGHT), DENIED)
  held.open()
  t.match(await answer, { status: 200 })
  t.equal(server.asked('create').length, 1)
})

t.test('a code stays spent when the keys are rotated, and one under way too', async t => {
  const [older, newer] = [randomBytes(32), randomBytes(32)]
  const [store, server] = [memoryStore(), await hostile(t)]
  const before = await there(t, { totp: { store, keys: [older] } }, server)
  const after = await there(t, { totp: { store, keys: [newer, older] } }, server)
  await enrolledThere(await before.login('alice'))
  t.match(await (await before.login('alice')).challenge(RIGHT), { status: 200 })
  t.match(await (await after.login('alice')).challenge(RIGHT), DENIED)

  const [held, code] = [hold(server, 'create'), codeOf(5)]
  server.right.add(code)
  const answer = (await before.login('alice')).challenge(code)
  await arrived(server, 'create', 2)
  t.match(await (await after.login('alice')).challenge(code), DENIED)
  held.open()
  t.match(await answer, { status: 200 })
  t.equal(server.asked('create').length, 2)
})

t.test('a used factor is tagged by the first key, so that the old one can be left out some day', async t => {
  const [older, newer] = [randomBytes(32), randomBytes(32)]
  const [store, server] = [memoryStore(), await hostile(t)]
  const [before, after, later] = [
    await there(t, { totp: { store, keys: [older] } }, server),
    await there(t, { totp: { store, keys: [newer, older] } }, server),
    await there(t, { totp: { store, keys: [newer] } }, server)
  ]
  await enrolledThere(await before.login('alice'))
  t.match(await (await later.login('alice')).challenge(RIGHT), { status: 503, code: 'ERR_TOTP_STORE' })
  t.match(await (await after.login('alice')).challenge(RIGHT), { status: 200 })
  const code = codeOf(5)
  server.right.add(code)
  t.match(await (await later.login('alice')).challenge(code), { status: 200 })
})

t.test('codes are kept as digests alone', async t => {
  const { login, store } = await there(t)
  await enrolledThere(await login('alice'))
  await (await login('alice')).challenge(RIGHT)
  const text = JSON.stringify(await kept(store))
  for (const code of [FIRST, RIGHT]) t.notMatch(text, codeIn(code))
})
