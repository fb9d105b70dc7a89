import t from 'tap'
import { memoryStore } from '../../src/index.js'
import { site } from '../site.js'
import { counting, underFlood } from './flood.js'

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
  await underFlood(t, [memoryStore()])
})

t.test('of many requests that withdraw one mark, one writes', async t => {
  const { store, writes } = counting(memoryStore())
  const { login, now, app } = await site(t, { totp: { store } })
  const alice = await login('alice')
  await alice.enrollVerified(now())
  const caller = { identity: 'alice', session: { mark: 'A'.repeat(22), began: now() } }
  const before = writes()
  await Promise.all(Array.from({ length: 50 }, async () => await app.totp.withdraw(caller)))
  t.equal(writes() - before, 1)
})
