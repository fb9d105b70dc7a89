import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { noAttempts } from '../../src/entity/entity.js'
import { memoryStore } from '../../src/index.js'
import { faultyStore } from '../faulty-store.js'
import { refusal, type Behavior, type Instead } from './hostile.js'
import {
  arrived, codeOf, counted, enrolledThere, hold, kept, keptFactor, rewrite, RIGHT, there, WRONG
} from './there.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const LOCKED = { status: 429, code: 'ERR_TOTP_LOCKED' }
const UNAVAILABLE = { status: 503, code: 'ERR_TOTP_PROVIDER' }
const CONFLICT = { status: 503, code: 'ERR_TOTP_CONFLICT' }

/** A store whose next write, and each one after `before` more, fails. */
function failingStore () {
  const memory = memoryStore()
  const store = faultyStore(memory)
  return {
    store,

    failAfter (writes: number): void {
      let left = writes
      store.break('replace', async (key, expected, next) => {
        if (left-- <= 0) throw new Error('the disk is full')
        const revision = typeof expected === 'number' ? expected : null
        return await memory.replace(String(key), revision, Object(next))
      })
    }
  }
}

t.test('Twilio isn\'t asked about an attempt that can\'t be counted', async t => {
  const { store, failAfter } = failingStore()
  const { login, server } = await there(t, { totp: { store } })
  const alice = await login('alice')
  await enrolledThere(alice)
  const thief = await login('alice')
  failAfter(0)
  t.match(await thief.challenge(RIGHT), { status: 503, code: 'ERR_TOTP_STORE' })
  t.strictSame(server.asked('create'), [])
  t.match(await thief.vault(), { status: 403 })
})

t.test('an outcome that can\'t be recorded approves nothing, and the attempt stays counted', async t => {
  const { store, failAfter } = failingStore()
  const { login, server } = await there(t, { totp: { store } })
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  failAfter(1)
  t.match(await person.challenge(RIGHT), { status: 503, code: 'ERR_TOTP_STORE' })
  t.equal(server.asked('create').length, 1)
  store.mend()
  t.match(await person.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match((await kept(store)).attempts, { failures: 0, unknown: 0, pending: { length: 1 } })
  t.match(await person.challenge(RIGHT), DENIED, 'the code is as good as spent')
  t.equal(server.asked('create').length, 1)
})

t.test('Twilio isn\'t asked about a first code that can\'t be counted, and an outcome that can\'t be recorded verifies nothing', async t => {
  const { store, failAfter } = failingStore()
  const { login, server, wait } = await there(t, { totp: { store } })
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  const verify = async () => await alice.post(`/totp/factors/${sid}/verify`, { code: RIGHT })
  failAfter(0)
  t.match(await verify(), { status: 503, code: 'ERR_TOTP_STORE' })
  t.strictSame(server.asked('verify'), [])
  failAfter(1)
  t.match(await verify(), { status: 503, code: 'ERR_TOTP_STORE' })
  t.equal(server.asked('verify').length, 1)
  store.mend()
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.match(await verify(), CONFLICT, 'another request may still be asking')
  wait(300)
  t.match(await verify(), CONFLICT)
  wait(1)
  t.match(await verify(), { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }, 'and the outcome stays unknown')
  t.equal(server.asked('verify').length, 1)
})

/** Refusals before any code was looked at. */
const UNJUDGED: ReadonlyArray<readonly [Behavior, object]> = [
  ...[20001, 60200, 60300, 60306, 60361, 60362, 60363, 60364, 60365, 60366, 60367, 60370].map(code =>
    [refusal(400, code), UNAVAILABLE] as const),
  [refusal(401, 20003), UNAVAILABLE],
  [refusal(403, 20403), UNAVAILABLE],
  [refusal(403, 60204), UNAVAILABLE],
  [refusal(403, 60318), UNAVAILABLE],
  ...[20404, 60390, 60391, 60392].map(code => [refusal(404, code), UNAVAILABLE] as const),
  ...[20429, 25109, 60326, 60328, 60312].map(code => [refusal(429, code), LOCKED] as const),
  [refusal(403, 60322), CONFLICT],
  [refusal(403, 60323), CONFLICT]
]

t.test('a code that Twilio certainly hasn\'t judged is no attempt, however often it comes', async t => {
  const { login, server, store } = await there(t)
  for (const [instead, expected] of UNJUDGED) {
    const name = JSON.stringify(instead)
    await enrolledThere(await login(name))
    const person = await login(name)
    server.answer('create', instead)
    for (let i = 0; i < 6; i++) t.match(await person.challenge(i < 3 ? RIGHT : WRONG), expected, name)
    const { attempts } = await kept(store, name)
    t.strictSame(attempts, noAttempts(attempts.tallyAt), name)
    t.strictSame((await keptFactor(store, name)).created, [], 'nor is it a challenge that was created')
    server.mend()
    t.match(await person.challenge(RIGHT), { status: 200 }, name)
  }
})

t.test('Twilio\'s own limits are answered with 429 and a time to wait', async t => {
  for (const [code, seconds] of [[60312, '3600'], [60326, '86400'], [60308, '1'], [60310, '1'], [20429, '1']] as const) {
    const { login, server } = await there(t)
    await enrolledThere(await login('alice'))
    server.answer('create', refusal(429, code))
    t.match(await (await login('alice')).challenge(RIGHT), { ...LOCKED, headers: { 'retry-after': seconds } }, String(code))
    t.equal(server.asked('create').length, 1, 'and never asked again')
  }
})

t.test('a limit that may have been reached by a judged code counts', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  for (const instead of [{ status: 429 }, refusal(429, 60308), refusal(429, 60310), refusal(429, 60999)]) {
    server.answer('create', instead)
    const before = await counted(store)
    t.match(await (await login('alice')).challenge(RIGHT), { ...LOCKED, headers: { 'retry-after': '1' } })
    t.equal(await counted(store), before + 1)
  }
})

t.test('an answer of Twilio\'s limit to the last code that it judges gives no more guesses', async t => {
  const { login, server, wait } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  let judged = 0
  const counting: Instead = usual => ++judged % 5 === 0 ? refusal(429, 60308) : usual
  server.answer('create', counting)
  server.answer('update', counting)
  for (let locks = 1; locks <= 3; locks++) {
    for (let i = 0; i < 8; i++) await person.challenge(WRONG)
    t.equal(judged, 5 * locks)
    wait(3600)
  }
})

t.test('a connection that was never made is no attempt', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  await server.close()
  for (let i = 0; i < 12; i++) t.match(await person.challenge(RIGHT), UNAVAILABLE)
  t.equal(await counted(store), 0)
  t.strictSame((await keptFactor(store)).created, [])
})

t.test('an attempt that is given back ends its own lock and no other', async t => {
  const { login, server, wait } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  const refuse = () => { for (const kind of ['create', 'update'] as const) server.answer(kind, refusal(401, 20003)) }
  for (let i = 0; i < 4; i++) t.match(await person.challenge(WRONG), DENIED)
  refuse()
  t.match(await person.challenge(RIGHT), UNAVAILABLE)
  server.mend()
  t.match(await person.challenge(WRONG), DENIED, 'the fifth')
  t.match(await person.challenge(RIGHT), { ...LOCKED, headers: { 'retry-after': '30' } })
  wait(30)
  refuse()
  for (let i = 0; i < 6; i++) t.match(await person.challenge(RIGHT), UNAVAILABLE)
  server.mend()
  for (let i = 0; i < 5; i++) t.match(await person.challenge(WRONG), DENIED)
  t.match(await person.challenge(RIGHT), { ...LOCKED, headers: { 'retry-after': '60' } }, 'the tenth')
})

t.test('attempts with an unknown outcome lock, and never disable', async t => {
  const { login, server, store, wait } = await there(t)
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  for (let i = 1; i <= 105; i++) {
    server.answer('create', (['reset', refusal(500, 20500)] as const)[i % 2] ?? 'reset')
    t.match(await person.challenge(RIGHT), UNAVAILABLE)
    if (i % 5 > 0) continue
    t.match(await person.challenge(RIGHT), LOCKED)
    wait(2 * 3600)
  }
  t.match((await kept(store)).attempts, { failures: 0, unknown: 105, tally: 0, disabledAt: null })
  server.mend()
  t.match(await person.challenge(RIGHT), { status: 200 })
  t.match((await kept(store)).attempts, { failures: 0, unknown: 0, tally: 0 }, 'a right code ends the row')
})

t.test('Twilio is asked about the attempts that were counted, and a right code among them is approved', async t => {
  const { login, server, store, events } = await there(t)
  await enrolledThere(await login('alice'))
  const held = hold(server, 'create')
  const people = await Promise.all(Array.from({ length: 5 }, async () => await login('alice')))
  const codes = [1, 2, 3, 4].map(codeOf).concat(RIGHT)
  const answers = people.map(async (person, index) => await person.challenge(codes[index]))
  await arrived(server, 'create', 5)
  t.match(await (await login('alice')).challenge(RIGHT), LOCKED, 'the sixth is not asked about')
  t.equal(server.asked('create').length, 5)
  held.open()
  const statuses = (await Promise.all(answers)).map(({ status }) => status)
  t.strictSame(statuses, [403, 403, 403, 403, 200])
  const [last] = people.slice(-1)
  t.match(await last?.vault(), { status: 200 })
  t.match((await kept(store)).attempts, { pending: { length: 0 }, lockedAt: null })
  await turn()
  t.notOk(events.some(({ type }) => type === 'identity.locked'))
})

t.test('a right code keeps the reservations of other attempts: a wrong one that is answered after it counts', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const held = hold(server, 'create')
  const thief = await login('alice')
  const answer = thief.challenge(WRONG)
  await arrived(server, 'create', 1)
  server.mend()
  t.match(await (await login('alice')).challenge(RIGHT), { status: 200 })
  t.match((await kept(store)).attempts, { failures: 0, pending: { length: 1 } }, 'only its own is released')
  t.equal(await counted(store), 1)
  held.open()
  t.match(await answer, DENIED)
  t.match((await kept(store)).attempts, { failures: 1, tally: 1, pending: { length: 0 } })
})

t.test('a right code ends the lock that its own attempt began, even if its answer comes last', async t => {
  const { login, server } = await there(t)
  await enrolledThere(await login('alice'))
  const [held, person] = [hold(server, 'create'), await login('alice')]
  const answer = person.challenge(RIGHT)
  await arrived(server, 'create', 1)
  server.mend()
  const others = await login('alice')
  for (let i = 0; i < 4; i++) t.match(await others.challenge(codeOf(i)), DENIED)
  t.match(await others.challenge(codeOf(9)), LOCKED)
  held.open()
  t.match(await answer, { status: 200 })
  t.match(await others.challenge(codeOf(9)), DENIED)
})

t.test('a right code approves nothing after challenges were disabled', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const [held, person] = [hold(server, 'create'), await login('alice')]
  const answer = person.challenge(RIGHT)
  await arrived(server, 'create', 1)
  await rewrite(store, entity => ({ ...entity, attempts: { ...entity.attempts, disabledAt: 1_800_000_000 } }))
  held.open()
  t.match(await answer, { status: 403, code: 'ERR_TOTP_DISABLED' })
  t.match(await person.vault(), { status: 403 })
  t.match((await kept(store)).attempts, { disabledAt: 1_800_000_000, pending: { length: 0 }, unknown: 1 })
  t.equal((await keptFactor(store)).spent.length, 2, 'and its code is spent')
})

t.test('a right code approves nothing after a logout or a withdrawal', async t => {
  for (const [method, url] of [['POST', '/logout'], ['DELETE', '/totp/approval']] as const) {
    const { login, server, store } = await there(t)
    const person = await login('alice')
    await enrolledThere(person)
    const held = hold(server, 'create')
    const other = person.copy()
    const answer = person.challenge(RIGHT)
    await arrived(server, 'create', 1)
    t.match(await other.request(method, url), { status: 204 })
    held.open()
    t.match(await answer, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, url)
    t.not((await person.vault()).status, 200, url)
    t.not((await other.vault()).status, 200, url)
    t.match(await kept(store), { approvals: { length: 0 } }, url)
  }
})

t.test('a right code approves nothing after a session without an approval was logged out', async t => {
  const { login, server } = await there(t)
  await enrolledThere(await login('alice'))
  for (const [method, url] of [['POST', '/logout'], ['DELETE', '/totp/approval']] as const) {
    const code = codeOf(url.length + 1000)
    server.right.add(code)
    const person = await login('alice')
    const held = hold(server, 'create')
    const other = person.copy()
    const before = server.asked('create').length
    const answer = person.challenge(code)
    await arrived(server, 'create', before + 1)
    t.match(await other.request(method, url), { status: 204 })
    held.open()
    await answer
    t.not((await person.vault()).status, 200, url)
    t.not((await other.vault()).status, 200, url)
    server.mend()
  }
})

t.test('a right code approves nothing after its factor was removed, or all of them', async t => {
  const removals = {
    remove: async ({ app }: Awaited<ReturnType<typeof there>>, sid: string) => {
      await app.totp.remove({ identity: 'alice', operator: true }, sid)
    },
    reset: async ({ app }: Awaited<ReturnType<typeof there>>) => { await app.totp.reset('alice') }
  }
  for (const [name, act] of Object.entries(removals)) {
    const made = await there(t)
    const { login, server } = made
    const sid = await enrolledThere(await login('alice'))
    const [held, person] = [hold(server, 'create'), await login('alice')]
    const answer = person.challenge(RIGHT)
    await arrived(server, 'create', 1)
    await act(made, sid)
    held.open()
    t.match(await answer, { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }, name)
    t.match(await person.vault(), { status: 403 }, name)
  }
})

t.test('a right code approves nothing after a reset and a new enrollment', async t => {
  const made = await there(t)
  const { login, server, app } = made
  await enrolledThere(await login('alice'))
  const [held, person] = [hold(server, 'create'), await login('alice')]
  const answer = person.challenge(RIGHT)
  await arrived(server, 'create', 1)
  await app.totp.reset('alice')
  await enrolledThere(await login('alice'))
  held.open()
  t.match(await answer, DENIED)
  t.match(await person.vault(), { status: 403 })
})

t.test('an attempt that is pending when an operator unlocks stays counted', async t => {
  const { login, server, store, app } = await there(t)
  await enrolledThere(await login('alice'))
  const others = await login('alice')
  for (let i = 0; i < 4; i++) t.match(await others.challenge(codeOf(i)), DENIED)
  const [held, person] = [hold(server, 'update'), await login('alice')]
  const answer = person.challenge(codeOf(5))
  await arrived(server, 'update', 4)
  t.match(await others.challenge(codeOf(6)), LOCKED)
  await app.totp.unlock('alice')
  t.equal(await counted(store), 1)
  held.open()
  t.match(await answer, DENIED)
  t.match((await kept(store)).attempts, { failures: 1, tally: 1, pending: { length: 0 }, lockedAt: null })
})

t.test('an attempt whose process has died has an unknown outcome after five minutes', async t => {
  const { store, failAfter } = failingStore()
  const { login, wait } = await there(t, { totp: { store } })
  await enrolledThere(await login('alice'))
  const person = await login('alice')
  failAfter(1)
  t.match(await person.challenge(RIGHT), { status: 503 })
  store.mend()
  wait(300)
  t.match(await person.challenge(codeOf(1)), DENIED)
  t.match((await kept(store)).attempts, { failures: 1, unknown: 0, pending: { length: 1 } })
  wait(1)
  t.match(await person.challenge(codeOf(1)), DENIED)
  t.match((await kept(store)).attempts, { failures: 2, unknown: 1, pending: { length: 0 }, tally: 2 })
})

t.test('an attempt that was abandoned while it was pending approves nothing', async t => {
  const { login, server, store } = await there(t)
  await enrolledThere(await login('alice'))
  const [held, person] = [hold(server, 'create'), await login('alice')]
  const answer = person.challenge(RIGHT)
  await arrived(server, 'create', 1)
  await rewrite(store, entity => ({ ...entity, attempts: { ...entity.attempts, pending: [], unknown: 1 } }))
  held.open()
  t.match(await answer, DENIED)
  t.match(await person.vault(), { status: 403 })
})
