import t from 'tap'
import { kinds } from './database.js'
import { DENIED, outage, REQUIRED, repeated, UNAVAILABLE } from './outage.js'

t.jobs = 2

for (const kind of kinds) {
  const options = { buffered: true, timeout: 200_000, skip: kind.lacking }
  t.test(`connections to ${kind.name} whose other end is gone are given up, and made anew`, options, async t => {
    const { person, proxy, recovered } = await outage(t, kind, await kind.open(t))
    const { approved, unapproved, code, sameCode } = await person('alice')
    const right = code()
    // As many connections as it makes.
    await Promise.all(Array.from({ length: 10 }, async () => await approved.vault()))
    proxy.abandon()

    const answers = await Promise.all([approved.vault(), unapproved.vault(), unapproved.challenge(right)])
    for (const answer of answers) t.match(answer, UNAVAILABLE)
    t.match(await repeated(unapproved.vault), REQUIRED)
    t.match(await repeated(approved.vault), { status: 200 })
    await recovered()
    const still = sameCode()
    t.match(await repeated(async () => await unapproved.challenge(still)), { status: 200 })
    t.match(await repeated(async () => await unapproved.challenge(still)), DENIED)
  })
}
