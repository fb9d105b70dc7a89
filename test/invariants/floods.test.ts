import t from 'tap'
import { newMark } from '../../src/entity/mark.js'
import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'
import { instances } from '../instances.js'
import { isEmbedded, site } from '../site.js'

/* A password alone is enough for some requests. However many of them come, they keep no one else waiting. */

t.test('five enrollments in ten minutes are enough for anyone', async t => {
  const { login, now, wait, app, store } = await site(t)
  const alice = await login('alice')
  for (let i = 0; i < 5; i++) {
    await alice.enroll()
    wait(60)
  }
  const before = await store.get('identity:alice')
  const refused = await alice.post('/totp/factors', {})
  t.match(refused, { status: 429, code: 'ERR_TOTP_LOCKED', headers: { 'retry-after': '300', 'cache-control': 'no-store' } })
  t.match(refused.json(), { message: /enrollments/ })
  t.match(await (await login('alice')).post('/totp/factors', {}), { status: 429 }, 'in any session')
  t.equal((await store.get('identity:alice'))?.unverified?.sid, before?.unverified?.sid, 'nothing is replaced')
  t.match(await (await login('bob')).post('/totp/factors', {}), { status: 201 }, 'another identity')
  t.ok((await app.totp.enroll({ identity: 'alice', operator: true }, { friendlyName: 'phone' })).secret, 'an operator')
  wait(299)
  t.match(await alice.post('/totp/factors', {}), { status: 429, headers: { 'retry-after': '1' } })
  wait(1)
  t.match(await alice.post('/totp/factors', {}), { status: 201 })
  t.match(await alice.post('/totp/factors', {}), { status: 429 })

  wait(-7200)
  t.match(await alice.post('/totp/factors', {}), { status: 201 }, 'a clock that has gone back locks no one out')
  t.ok(now() > 0)
})

t.test('the limit counts enrollments that never came to be verified, and those that did', async t => {
  const { login, now, wait } = await site(t, { totp: { maxFactors: 10 } })
  const alice = await login('alice')
  for (let i = 0; i < 5; i++) {
    await alice.enrollVerified(now())
    wait(30)
  }
  t.match(await alice.post('/totp/factors', {}), { status: 429, code: 'ERR_TOTP_LOCKED' })
})

t.test('an operator and a right code wait for few of the others\' writes, in two processes', async t => {
  const inner = memoryStore<Entity>()
  let writes = 0
  const store: EntityStore = {
    get: async key => await inner.get(key),
    async replace (key, expected, next) {
      await new Promise(resolve => setImmediate(resolve))
      const won = await inner.replace(key, expected, next)
      if (won) writes++
      return won
    }
  }
  const { one, all, now, wait } = await instances(t, { totp: { store, timeout: 60, maxFactors: 10 } })
  const owner = await one.login('alice')
  const phone = await owner.enrollVerified(now())
  const end = new AbortController()
  const flood = Array.from({ length: 200 }, async (_, i) => {
    const { app } = all[i % 2] ?? one
    while (!end.signal.aborted) {
      await app.totp.withdraw({ identity: 'alice', session: { mark: newMark(), began: now() } }).catch(error => {
        if (error.code !== 'ERR_TOTP_CONFLICT') throw error
      })
    }
  })

  /** The writes that came between the beginning of an act and its end. */
  async function during (act: () => Promise<unknown>): Promise<number> {
    const before = writes
    await act()
    return writes - before
  }
  for (let i = 0; i < 3; i++) {
    for (const act of [one.app.totp.revoke, one.app.totp.unlock]) {
      const others = await during(async () => await act('alice'))
      t.ok(others < 15, `an operator waits for ${others} writes`)
    }
    wait(30)
    const answered = await during(async () => {
      t.match(await owner.challenge(phone.code(now())), { status: 200 })
    })
    // Others may write while Twilio is asked.
    t.ok(answered < 15 || !isEmbedded(), `a right code waits for ${answered} writes`)
  }
  end.abort()
  await Promise.all(flood)
})

t.test('of many requests that withdraw one mark, one writes', async t => {
  const inner = memoryStore<Entity>()
  let writes = 0
  const store: EntityStore = {
    get: async key => await inner.get(key),
    async replace (key, expected, next) {
      const won = await inner.replace(key, expected, next)
      if (won) writes++
      return won
    }
  }
  const { login, now, app } = await site(t, { totp: { store } })
  const alice = await login('alice')
  await alice.enrollVerified(now())
  const caller = { identity: 'alice', session: { mark: 'A'.repeat(22), began: now() } }
  writes = 0
  await Promise.all(Array.from({ length: 50 }, async () => await app.totp.withdraw(caller)))
  t.equal(writes, 1)
})
