import t, { type Test } from 'tap'
import type { Answer } from '../example/guest.js'
import { kinds } from './database.js'
import { DENIED, outage, REQUIRED, UNAVAILABLE, type Person } from './outage.js'

t.jobs = 2

const PASSED = { status: 200 }
/** A session that had to change its id, and couldn't. */
const LOST = { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }

for (const kind of kinds) {
  const options = { buffered: true, timeout: 200_000, skip: kind.lacking }
  t.test(`${kind.name} that takes up to 5 s for each step gives right answers, or none`, options, async t => {
    const { person, proxy, server, recovered, entity } = await outage(t, kind, await kind.open(t))
    const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']
    const people = await Promise.all(names.map(person))
    proxy.slow(5)
    const spent = await Promise.all(people.map(async somebody => await burst(t, somebody)))
    await proxy.heal()
    await recovered()

    for (const [i, { code, used }] of spent.entries()) {
      const name = names[i] ?? ''
      t.match(await people[i]?.approved.vault(), PASSED)
      const again = await server.login(name)
      t.match(await again.vault(), REQUIRED)
      if (used) t.match(await again.challenge(code), DENIED, 'what was approved is spent')
      t.ok((await entity(name)).attempts.failures <= 3)
    }
  })
}

/** All that somebody can want. Answers the code of the challenge, and whether it was approved. */
async function burst (
  t: Test, { approved, unapproved, code, wrongCode }: Person
): Promise<{ code: string, used: boolean }> {
  await Promise.all([
    approved.vault().then(answer => one(t, answer, PASSED)),
    unapproved.vault().then(answer => one(t, answer, REQUIRED)),
    unapproved.copy().challenge(wrongCode()).then(answer => one(t, answer, DENIED))
  ])
  const right = code()
  const first = await unapproved.challenge(right)
  one(t, first, PASSED)
  if (first.status === 200) {
    one(t, await unapproved.vault(), PASSED)
    one(t, await approved.challenge(right), DENIED)
    return { code: right, used: true }
  }
  const next = await unapproved.vault()
  if (next.status === 200) {
    // Only the answer was lost. Sent with the cookie of the new session, so the approval is the user's.
    t.ok(first.headers.has('set-cookie'))
    return { code: right, used: true }
  }
  one(t, next, REQUIRED, LOST)
  const second = await unapproved.challenge(right)
  one(t, second, PASSED, DENIED, LOST)
  return { code: right, used: second.status === 200 }
}

/** One of these is right, and so is none at all. */
function one (t: Test, answer: Answer, ...right: ReadonlyArray<{ status: number, code?: string }>): void {
  const fits = right.some(({ status, code }) => answer.status === status && answer.code === code)
  t.match(answer, fits ? {} : UNAVAILABLE, `${right.map(({ status }) => status).join(' or ')} or none`)
}
