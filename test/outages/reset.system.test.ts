import t from 'tap'
import { kinds } from './database.js'
import { DENIED, lastStep, outage, REQUIRED, repeated, STORE_FAILED } from './outage.js'

t.jobs = 2

for (const kind of kinds) {
  const options = { buffered: true, timeout: 200_000, skip: kind.lacking }
  t.test(`a connection to ${kind.name} that is reset`, options, async t => {
    const { person, proxy, server, entity, recovered } = await outage(t, kind, await kind.open(t))

    await t.test('before a code is burnt leaves everything as it was, and the code works', async t => {
      const { approved, unapproved, code } = await person('alice')
      const [before, right] = [await entity('alice'), code()]
      const reset = proxy.reset('before', kind.isWrite)
      t.match(await unapproved.challenge(right), STORE_FAILED)
      await reset
      t.strictSame(await entity('alice'), before)
      await recovered()
      t.match(await unapproved.vault(), REQUIRED)
      t.match(await unapproved.challenge(right), { status: 200 })
      t.match(await unapproved.vault(), { status: 200 })
      t.match(await approved.vault(), { status: 200 })
    })

    await t.test('after it was burnt leaves it burnt, and nobody approved', async t => {
      const { factor, approved, unapproved, code } = await person('bob')
      const [before, right] = [await entity('bob'), code()]
      const reset = proxy.reset('after', kind.isWrite)
      t.match(await unapproved.challenge(right), STORE_FAILED)
      await reset
      const after = await entity('bob')
      t.equal(after.revision, before.revision + 1)
      t.ok(lastStep(after, factor) > lastStep(before, factor))
      await recovered()
      t.match(await unapproved.vault(), REQUIRED)
      t.match(await unapproved.challenge(right), DENIED)
      t.match(await approved.vault(), { status: 200 })
      t.match(await unapproved.challenge(code()), { status: 200 }, 'the next one is as good as ever')
    })

    await t.test('after wrong codes were counted leaves them counted', async t => {
      const { unapproved, approved, code, wrongCode } = await person('carol')
      for (let wrong = 1; wrong <= 5; wrong++) {
        const reset = wrong % 2 === 0 ? null : proxy.reset('after', kind.isWrite)
        const answer = await unapproved.challenge(wrongCode())
        t.match(answer, reset === null ? DENIED : STORE_FAILED)
        await reset
        t.equal((await entity('carol')).attempts.failures, wrong)
        await recovered()
      }
      t.match(await unapproved.challenge(code()), { status: 429, code: 'ERR_TOTP_LOCKED' })
      t.match(await unapproved.challenge(wrongCode()), { status: 429, code: 'ERR_TOTP_LOCKED' })
      t.match(await approved.vault(), { status: 200 })
    })

    await t.test('before wrong codes were counted tells nothing of them', async t => {
      const { unapproved, code, wrongCode } = await person('dave')
      for (let wrong = 1; wrong <= 6; wrong++) {
        const reset = proxy.reset('before', kind.isWrite)
        t.match(await unapproved.challenge(wrongCode()), STORE_FAILED)
        await reset
        await recovered()
      }
      t.equal((await entity('dave')).attempts.failures, 0)
      t.match(await unapproved.challenge(code()), { status: 200 })
    })

    await t.test('when the session has to keep its approval approves nobody', async t => {
      for (const when of ['before', 'after'] as const) {
        const identity = `erin ${when}`
        const { unapproved, code } = await person(identity)
        const [right, thief] = [code(), unapproved.copy()]
        const reset = proxy.reset(when, kind.isSessionWrite)
        t.match(await unapproved.challenge(right), { status: 503 })
        await reset
        await recovered()
        t.not((await unapproved.vault()).status, 200)
        t.not((await thief.vault()).status, 200)
        const again = await server.login(identity)
        t.match(await again.challenge(right), DENIED)
        t.match(await again.challenge(code()), { status: 200 })
      }
    })

    await t.test('after a first code was taken leaves the factor verified, and nobody approved', async t => {
      const frank = await server.login('frank')
      const factor = await frank.enroll()
      const reset = proxy.reset('after', kind.isWrite)
      const first = factor.code(server.now())
      t.match(await frank.request('POST', `/totp/factors/${factor.sid}/verify`, { code: first }), STORE_FAILED)
      await reset
      t.equal((await entity('frank')).factors.length, 1)
      await recovered()
      t.match(await frank.vault(), REQUIRED)
      t.match(await frank.challenge(first), DENIED)
      t.match(await frank.challenge(factor.code(server.now() + 30)), { status: 200 })
    })

    await t.test('after a factor was removed leaves it removed, and every approval void', async t => {
      const { factor, approved, unapproved, code } = await person('grace')
      const reset = proxy.reset('after', kind.isWrite)
      t.match(await approved.request('DELETE', `/totp/factors/${factor.sid}`), STORE_FAILED)
      await reset
      await recovered()
      const none = { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }
      for (const guest of [approved, unapproved]) t.match(await guest.vault(), none)
      t.match(await unapproved.challenge(code()), none)
    })

    await t.test('and made anew when nothing listens any more is refused, not let through', async t => {
      const { approved, unapproved, code } = await person('heidi')
      const right = code()
      await proxy.refuse()
      const answers = await Promise.all([approved.vault(), unapproved.vault(), unapproved.challenge(right)])
      for (const answer of answers) t.match(answer, { status: 503 })
      t.match(await server.guest().request('GET', '/healthz'), { status: 200 })
      await proxy.heal()
      t.match(await repeated(approved.vault), { status: 200 })
      t.match(await unapproved.vault(), REQUIRED)
      t.match(await unapproved.challenge(right), { status: 200 })
    })
  })
}
