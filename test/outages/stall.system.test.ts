import t from 'tap'
import { kinds } from './database.js'
import { DENIED, eventually, lastStep, outage, REQUIRED, STORE_FAILED, UNAVAILABLE } from './outage.js'

t.jobs = 2
const buffered = { buffered: true, timeout: 200_000 }

for (const kind of kinds) {
  t.test(`${kind.name} that stalls`, { ...buffered, skip: kind.lacking }, async t => {
    t.jobs = 2
    const database = await kind.open(t)

    t.test('is given up, whatever its client would do, and nobody passes', buffered, async t => {
      const { person, proxy, server, recovered, entity } = await outage(t, kind, database, kind.patientEnv)
      const { factor, approved, unapproved, code } = await person('alice')
      const before = await entity('alice')
      proxy.hold(kind.isRead)
      const answers = await Promise.all([approved.vault(), unapproved.vault(), unapproved.challenge(code())])
      for (const answer of answers) t.match(answer, UNAVAILABLE)
      t.ok(answers.some(({ code }) => code === STORE_FAILED.code))
      t.match(await server.guest().request('GET', '/healthz'), { status: 200 })
      await proxy.heal()
      await recovered()
      t.strictSame(await entity('alice'), before, 'what came to nothing left nothing')
      t.match(await approved.vault(), { status: 200 })
      t.match(await unapproved.vault(), REQUIRED)

      const late = code()
      proxy.hold(kind.isWrite, 1)
      t.match(await unapproved.challenge(late), STORE_FAILED)
      t.strictSame(await entity('alice'), before)
      await proxy.heal()
      t.ok(lastStep(await entity('alice'), factor) > lastStep(before, factor), 'a late write burns the code')
      await recovered()
      t.match(await unapproved.vault(), REQUIRED, 'for a session that never got the mark')
      t.match(await unapproved.challenge(late), DENIED)
      t.match(await approved.vault(), { status: 200 })
    })

    t.test('in the middle of a challenge lets it be repeated', buffered, async t => {
      const { person, proxy, entity, recovered } = await outage(t, kind, database)
      const { unapproved, code } = await person('bob')
      const repeat = code()
      proxy.hold(kind.isWrite, 1)
      t.match(await unapproved.challenge(repeat), STORE_FAILED)
      await recovered()
      t.match(await unapproved.vault(), REQUIRED)
      t.match(await unapproved.challenge(repeat), { status: 200 })
      const approved = await entity('bob')
      await proxy.heal()
      t.strictSame(await entity('bob'), approved, 'and what comes late changes nothing')
      t.match(await unapproved.vault(), { status: 200 })
    })

    t.test('altogether lets nobody pass, and is good again when it goes on', buffered, async t => {
      const { person, proxy, recovered } = await outage(t, kind, database)
      const { approved, unapproved } = await person('carol')
      proxy.hold(() => true)
      const answers = await Promise.all([approved.vault(), unapproved.vault()])
      for (const answer of answers) t.match(answer, UNAVAILABLE)
      await proxy.heal()
      await recovered()
      await eventually(async () => (await approved.vault()).status === 200)
      t.match(await unapproved.vault(), REQUIRED)
    })

    t.test('is given as long as TIMEOUT says', buffered, async t => {
      const patient = await outage(t, kind, database, port => ({ ...kind.env(port), TIMEOUT: '60' }))
      const usual = await outage(t, kind, database)
      const [dave, erin] = [await patient.person('dave'), await usual.person('erin')]
      for (const { proxy } of [patient, usual]) proxy.hold(kind.isRead)
      const late = dave.approved.vault()
      t.match(await erin.approved.vault(), UNAVAILABLE)
      for (const { proxy } of [patient, usual]) await proxy.heal()
      t.match(await late, { status: 200 }, 'it has waited for longer than the other')
    })
  })
}
