import t from 'tap'
import { backends } from './backends.js'
import { startCluster } from './cluster.js'
import { isDone, outcomeOf } from './journal.js'
import { recorder, stepOf, type LoginSession, type Phone } from './recorder.js'
import { complaints } from './rules.js'

/** The number of the server that is killed. */
const VICTIM = 2
const LIVING = [0, 1, 3]
/** Identities whose right code comes from all sessions at once, and those that are guessed at. */
const OWNERS = ['carol', 'dave', 'erin']
const GUESSED = ['frank', 'grace', 'heidi']
const SESSIONS = 16
/** Answers after which it is killed, while most of the others are under way. */
const ANSWERS = 12

for (const backend of backends) {
  t.test(`when one of four processes on one ${backend.name} is killed`, { skip: backend.skip }, async t => {
    const four = await startCluster(t, backend)
    const records = recorder(four)
    const { now, at } = four
    const { ask, login, journal } = records

    async function enrolled (identity: string, number: number) {
      const owner = await login(at(number), identity)
      return { owner, phone: await records.enrollEarly(at(number), owner) }
    }

    async function challenge (number: number, asker: LoginSession, phone: Phone, step: number | null) {
      return { ...await ask(at(number), asker, 'challenge', { phone, step }), asker, phone }
    }

    const alice = await enrolled('alice', VICTIM)
    const before = await challenge(VICTIM, await login(at(VICTIM), 'alice'), alice.phone, stepOf(now()))
    const bob = await enrolled('bob', VICTIM)
    for (let wrong = 1; wrong <= 3; wrong++) await challenge(VICTIM, bob.owner, bob.phone, null)

    const turns = await Promise.all([...OWNERS, ...GUESSED].map(async identity => {
      const { phone } = await enrolled(identity, 0)
      const step = OWNERS.includes(identity) ? stepOf(now()) + 1 : null
      return await Promise.all(Array.from({ length: SESSIONS }, async (_, i) =>
        ({ asker: await login(at(i), identity), phone, step })))
    }))
    let answers = 0
    const burst = await Promise.all(turns.flat().map(async ({ asker, phone, step }, i) => {
      const answer = await challenge(i, asker, phone, step)
      if (++answers === ANSWERS) await four.kill(VICTIM)
      return answer
    }))
    t.ok(isDone(before))
    t.comment(`${burst.filter(({ status }) => status === null).length} of ${burst.length} got no answer`)
    const approved = [before, ...burst].filter(isDone)

    await t.test('the others go on, and what was answered stays', async t => {
      for (const number of LIVING) {
        t.match(await ask(at(number), alice.owner, 'vault'), { status: 200 })
        t.match(await ask(at(number), alice.owner, 'list'), { listed: { [alice.phone.sid]: 'alice' } })
      }
      for (const { asker } of approved) {
        for (const number of LIVING) t.match(await ask(at(number), asker, 'vault'), { status: 200 })
      }
    })

    await t.test('codes that were spent there are spent, and those that were wrong are counted', async t => {
      for (const { asker, phone, step, identity } of approved) {
        await records.operate('unlock', identity)
        const again = await ask(at(0), asker, 'challenge', { phone, step })
        t.match(again, { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
      }
      for (const number of [0, 1]) {
        const wrong = await ask(at(number), bob.owner, 'challenge', { phone: bob.phone })
        t.match(wrong, { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
      }
      t.match(await ask(at(3), bob.owner, 'challenge', { phone: bob.phone }), { status: 429 })
      for (const identity of GUESSED) {
        const judged = burst.filter(entry => entry.identity === identity && outcomeOf(entry) === 'denied')
        t.ok(judged.length <= 5, `${judged.length} codes of ${identity} were judged`)
      }
    })

    await t.test('another one in its place knows all of it', async t => {
      await four.replace(VICTIM)
      t.match(await ask(at(VICTIM), alice.owner, 'vault'), { status: 200 })
      for (const { asker, phone, step, identity } of approved) {
        t.match(await ask(at(VICTIM), asker, 'vault'), { status: 200 })
        await records.operate('unlock', identity)
        const again = await ask(at(VICTIM), asker, 'challenge', { phone, step })
        t.match(again, { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
      }
      await records.operate('unlock', 'bob')
      const right = await ask(at(VICTIM), bob.owner, 'challenge', { phone: bob.phone, step: stepOf(now()) + 1 })
      t.match(right, { status: 200 })
    })

    t.strictSame(complaints(journal), [])
  })
}
