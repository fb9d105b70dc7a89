import t from 'tap'
import { environmentOf } from '../example/twilio-environment.js'
import { gate } from '../gate.js'
import { standIn } from '../verify-api/stand-in.js'
import { backends } from './backends.js'
import { startCluster } from './cluster.js'

const SESSIONS = 24
const DENIED = 'ERR_TOTP_CHALLENGE_DENIED'

for (const backend of backends) {
  t.test(`four processes on one ${backend.name}, and factors at Twilio`, { skip: backend.skip }, async t => {
    let asked = 0
    const arrived = gate()
    let held: Promise<void> | null = null
    const verify = await standIn(t, {
      clock: () => Date.now() / 1000,
      host (app) {
        app.addHook('onRequest', async ({ method, url }) => {
          if (method !== 'POST' || !url.includes('/Challenges')) return
          asked++
          if (held !== null) arrived.open()
          await held
        })
      }
    })
    const { at, now, operator, kill, replace } = await startCluster(t, backend, environmentOf(verify))
    const sessions = async (identity: string) =>
      await Promise.all(Array.from({ length: SESSIONS }, async (_, i) => await at(i).login(identity)))

    await t.test('of many requests with one right code one is approved', async t => {
      const phone = await (await at(0).login('alice')).enrollEarly(now)
      const people = await sessions('alice')
      const code = phone.code(now())
      const answers = await Promise.all(people.map(async person => await person.challenge(code)))
      t.equal(answers.filter(({ status }) => status === 200).length, 1)
      t.strictSame(answers.filter(({ status }) => ![200, 403, 429, 503].includes(status)), [])
      const vaults = await Promise.all(people.map(async person => (await person.vault()).status))
      t.equal(vaults.filter(status => status === 200).length, 1)
    })

    await t.test('of many payments and challenges with one right code one has it', async t => {
      const phone = await (await at(0).login('dave')).enrollEarly(now)
      const people = await sessions('dave')
      const code = phone.code(now())
      const before = asked
      const answers = await Promise.all(people.map(async (person, i) => i % 2 === 0
        ? await person.request('POST', '/payment', {}, { 'totp-code': code })
        : await person.challenge(code)))
      t.equal(answers.filter(({ status }) => status === 200).length, 1)
      t.equal(asked - before, 1, 'Twilio is asked once')
      t.strictSame(answers.filter(({ status }) => ![200, 403, 429, 503].includes(status)), [])
      const vaults = await Promise.all(people.map(async person => (await person.vault()).status))
      const approved = answers.filter(({ status }, i) => status === 200 && i % 2 === 1)
      t.equal(vaults.filter(status => status === 200).length, approved.length, 'a payment approves no session')
    })

    await t.test('of many wrong codes Twilio is asked about five', async t => {
      const phone = await (await at(1).login('bob')).enrollEarly(now)
      const people = await sessions('bob')
      const before = asked
      const wrong = Array.from({ length: SESSIONS }, (_, i) => String(i).padStart(6, '0'))
        .filter(code => ![-60, -30, 0, 30, 60].some(later => phone.code(now() + later) === code))
      const answers = await Promise.all(wrong.map(async (code, i) => await people[i]?.challenge(code)))
      t.equal(answers.filter(answer => answer?.code === DENIED).length, 5)
      t.equal(asked - before, 5)
      t.match(await people[0]?.challenge(phone.code(now())), { status: 429 })
    })

    await t.test('of a process that is killed while Twilio is asked, the attempt stays counted, and its code opens nothing', async t => {
      const phone = await (await at(0).login('carol')).enrollEarly(now)
      const [victim, other] = [await at(2).login('carol'), await at(3).login('carol')]
      const before = asked
      const holding = gate()
      held = holding.passed
      const code = phone.code(now())
      const lost = victim.challenge(code).catch(() => null)
      await arrived.passed
      await kill(2)
      held = null
      holding.open()
      t.equal(await lost, null)
      t.match(await other.challenge(code), { status: 403, code: DENIED })
      t.match(await other.vault(), { status: 403 })
      t.equal(asked, before + 1, 'nor is Twilio asked again')
      await replace(2)
      for (let guess = 0; guess < 3; guess++) await other.challenge(phone.wrongCode(now()))
      t.match(await (await at(2).login('carol')).challenge(phone.code(now() + 30)), { status: 429 }, 'five in all')
      await operator.unlock('carol')
      t.match(await (await at(2).login('carol')).challenge(phone.code(now() + 30)), { status: 200 })
    })
  })
}
