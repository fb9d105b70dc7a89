import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { memoryStore, type EntityStore } from '../src/index.js'
import { newSid } from '../src/entity/entity.js'
import { ROOT } from './root.js'
import { pay, payments } from './paying.js'
import { isEmbedded, site, type Site, type SiteOptions } from './site.js'
import type { Response, Verified, Visitor } from './visitor.js'

/** What an operation asks of the store. */
interface Asked { readonly reads: number, readonly writes: number }

/** A store that counts, and in which a rival may come before a write. */
interface CountingStore extends EntityStore {
  /** What is asked while `act` runs. The first write of it is overtaken by a rival's, if there is one. */
  during (act: () => Promise<unknown>, rival: boolean): Promise<Asked>
}

function countingStore (): CountingStore {
  const inner = memoryStore()
  let [reads, writes, rival] = [0, 0, false]

  async function overtake (key: string): Promise<void> {
    const kept = await inner.get(key)
    assert(kept !== null)
    assert(await inner.replace(key, kept.revision, { ...kept, revision: kept.revision + 1 }))
    rival = false
  }

  return {
    async get (key) {
      reads++
      return await inner.get(key)
    },

    async replace (key, expected, next) {
      writes++
      if (rival) await overtake(key)
      return await inner.replace(key, expected, next)
    },

    async during (act, withRival) {
      [reads, writes, rival] = [0, 0, withRival]
      await act()
      return { reads, writes }
    }
  }
}

/** A site, and alice, who has logged in. */
interface House extends Site {
  readonly store: CountingStore
  readonly alice: Visitor
}

async function house (t: Test, totp: SiteOptions['totp'] = {}): Promise<House> {
  const store = countingStore()
  const made = await site(t, { totp: { ...totp, store }, routes: payments().routes })
  return { ...made, store, alice: await made.login('alice') }
}

/** Alice has a factor, whose next code is unspent, and her session is approved. */
async function approved (t: Test, totp: SiteOptions['totp'] = {}): Promise<House & { readonly phone: Verified }> {
  const made = await house(t, totp)
  const phone = await made.alice.enrollVerified(made.now())
  made.wait(60)
  return { ...made, phone }
}

/** Alice is approved, and her browser is remembered. */
async function remembered (t: Test): Promise<House> {
  const made = await approved(t, { remember: { for: 3600 } })
  const answer = await made.alice.post('/totp/challenges', { code: made.phone.code(made.now()), remember: true })
  assert.equal(answer.status, 200, answer.text)
  return made
}

interface Act {
  readonly store: CountingStore
  readonly act: () => Promise<unknown>
}

/** A request, and the answer by which it is seen to be what it is meant to be. */
function request (
  store: CountingStore, expected: Partial<Response>, send: () => Promise<Response>
): Act {
  return {
    store,
    async act () {
      const { status, code, text } = await send()
      assert.deepEqual({ status, code }, { code: undefined, ...expected }, text)
    }
  }
}

const lockAfter = 5

/** Alice, after as many wrong codes as there may be. */
async function guessed (t: Test, totp: SiteOptions['totp'] = {}): Promise<House & { readonly phone: Verified }> {
  const made = await approved(t, totp)
  for (let i = 0; i < lockAfter; i++) await made.alice.challenge(made.phone.wrongCode(made.now()))
  return made
}

const UNKNOWN = 'AAAA-BBBB-CCCC-DDDD-EEEE-2222'
const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const NEW_USER = '`POST /factors` of a new user'

/** By the first column of the table: what does it, in each of the ways that it stands for. */
const OPERATIONS: Readonly<Record<string, (t: Test) => Promise<Act[]>>> = {
  async 'a guarded route, whatever the answer' (t) {
    const { store, alice, login } = await approved(t)
    const [other, bob] = [await login('alice'), await login('bob')]
    return [
      request(store, { status: 200 }, alice.vault),
      request(store, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, other.vault),
      request(store, { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, bob.vault)
    ]
  },

  async '`GET /factors`' (t) {
    const { store, alice, login } = await approved(t)
    const bob = await login('bob')
    return [alice, bob].map(person => request(store, { status: 200 }, async () => await person.get('/totp/factors')))
  },

  async [NEW_USER] (t) {
    const { store, alice } = await house(t)
    return [request(store, { status: 201 }, async () => await alice.post('/totp/factors', {}))]
  },

  async '`POST /factors`' (t) {
    const { store, alice } = await approved(t)
    return [request(store, { status: 201 }, async () => await alice.post('/totp/factors', {}))]
  },

  async '`POST /factors/:sid/verify`, the code right or wrong' (t) {
    const { store, alice, now } = await house(t)
    const phone = await alice.enroll()
    const verify = async (code: string) => await alice.post(`/totp/factors/${phone.sid}/verify`, { code })
    return [
      request(store, DENIED, async () => await verify(phone.wrongCode(now()))),
      request(store, { status: 200 }, async () => await verify(phone.code(now())))
    ]
  },

  async 'the same, with `reenroll`' (t) {
    const { store, alice, now } = await house(t, { reenroll: true })
    const phone = await alice.enroll()
    return [request(store, { status: 200 }, async () =>
      await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) }))]
  },

  async '`POST /challenges`, the code right or wrong' (t) {
    const { store, alice, phone, now } = await approved(t)
    return [
      request(store, DENIED, async () => await alice.challenge(phone.wrongCode(now()))),
      request(store, { status: 200 }, async () => await alice.challenge(phone.code(now())))
    ]
  },

  async '`POST /challenges` with `remember: true`' (t) {
    const { store, alice, phone, now } = await approved(t, { remember: { for: 3600 } })
    return [request(store, { status: 200 }, async () =>
      await alice.post('/totp/challenges', { code: phone.code(now()), remember: true }))]
  },

  async 'a guarded route, passed by a remembered browser' (t) {
    const { store, alice } = await remembered(t)
    await alice.post('/login', { username: 'alice' })
    return [request(store, { status: 200 }, alice.vault)]
  },

  async '`GET /browsers`' (t) {
    const { store, alice } = await remembered(t)
    return [request(store, { status: 200 }, async () => await alice.get('/totp/browsers'))]
  },

  async '`DELETE /browsers/:sid`, `DELETE /browsers`' (t) {
    const [one, all] = [await remembered(t), await remembered(t)]
    const { browsers: [{ sid }] } = (await one.alice.get('/totp/browsers')).json()
    return [
      request(one.store, { status: 204 }, async () => await one.alice.delete(`/totp/browsers/${sid}`)),
      request(all.store, { status: 204 }, async () => await all.alice.delete('/totp/browsers'))
    ]
  },

  async '`POST /challenges`, the code spent' (t) {
    const { store, alice, phone, now } = await approved(t)
    const spent = phone.code(now())
    await alice.challenge(spent)
    return [request(store, DENIED, async () => await alice.challenge(spent))]
  },

  async 'a route with `perRequest`, the code right or wrong' (t) {
    const { store, alice, phone, now } = await approved(t)
    return [
      request(store, DENIED, async () => await pay(alice, phone.wrongCode(now()))),
      request(store, { status: 200 }, async () => await pay(alice, phone.code(now())))
    ]
  },

  async 'a route with `perRequest`, the code spent' (t) {
    const { store, alice, phone, now } = await approved(t)
    const spent = phone.code(now())
    await pay(alice, spent)
    return [request(store, DENIED, async () => await pay(alice, spent))]
  },

  async 'a route with `perRequest`, without a code' (t) {
    const { store, alice } = await approved(t)
    return [request(store, { status: 403, code: 'ERR_TOTP_CODE_REQUIRED' }, async () => await pay(alice))]
  },

  async '`POST /recovery`, the code right' (t) {
    const { app, store, phone: { recoveryCodes: [first] }, login } = await approved(t)
    const { code: pass } = await app.totp.pass('alice', { by: 'Carol' })
    return await Promise.all([pass, first].map(async code => {
      const back = await login('alice')
      return request(store, { status: 200 }, async () => await back.recover(code))
    }))
  },

  async '`POST /recovery`, the code wrong or spent' (t) {
    const { store, alice, phone: { recoveryCodes: [first] }, login } = await approved(t)
    const [back, bob] = [await login('alice'), await login('bob')]
    await back.recover(first)
    const locked = await guessed(t)
    const off = await approved(t, { recoveryCodes: 0 })
    return [
      ...[alice, back, bob].map(person => request(store, DENIED, async () => await person.recover(first))),
      request(store, DENIED, async () => await back.recover(UNKNOWN)),
      request(locked.store, DENIED, async () => await locked.alice.recover(UNKNOWN)),
      request(off.store, DENIED, async () => await off.alice.recover(UNKNOWN))
    ]
  },

  async '`POST /recovery-codes`' (t) {
    const { store, alice } = await approved(t)
    return [request(store, { status: 201 }, async () => await alice.post('/totp/recovery-codes'))]
  },

  async '`PATCH /factors/:sid`' (t) {
    const { store, alice, phone } = await approved(t)
    return [request(store, { status: 200 }, async () =>
      await alice.patch(`/totp/factors/${phone.sid}`, { friendlyName: 'Old phone' }))]
  },

  async '`DELETE /factors/:sid`' (t) {
    const { store, alice, phone } = await approved(t)
    const draft = await alice.enroll()
    return [draft, phone].map(({ sid }) =>
      request(store, { status: 204 }, async () => await alice.delete(`/totp/factors/${sid}`)))
  },

  async '`DELETE /approval`' (t) {
    const { store, alice } = await approved(t)
    return [request(store, { status: 204 }, async () => await alice.delete('/totp/approval'))]
  },

  async '`forget` at login' (t) {
    const { store, visitor } = await approved(t)
    return [request(store, { status: 200 }, async () => await visitor().post('/login', { username: 'alice' }))]
  },

  async '`forget` at logout' (t) {
    const { store, alice } = await approved(t)
    return [request(store, { status: 204 }, async () => await alice.post('/logout'))]
  },

  async '`revoke`, `unlock`, `pass`' (t) {
    const { app: { totp }, store } = await approved(t)
    const issue = async (identity: string) => await totp.pass(identity, { by: 'support' })
    return [totp.revoke, totp.unlock, issue].map(operate => ({ store, act: async () => await operate('alice') }))
  },

  async '`entity`' (t) {
    const { app, store } = await approved(t)
    return [{ store, act: async () => await app.totp.entity('alice') }]
  },

  async '`reset`' (t) {
    const { app, store } = await approved(t)
    return [{ store, act: async () => await app.totp.reset('alice') }]
  },

  async '`move`' (t) {
    const { app, store } = await approved(t)
    return [{ store, act: async () => await app.totp.move('alice', 'carol') }]
  },

  async 'refused as unidentified, cross-site or malformed' (t) {
    const { store, alice, visitor } = await approved(t)
    const nobody = visitor()
    const elsewhere = { origin: 'https://evil.example' }
    const unidentified = { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }
    const malformed = { status: 400, code: 'FST_ERR_VALIDATION' }
    return [
      request(store, unidentified, nobody.vault),
      request(store, unidentified, async () => await nobody.challenge('123456')),
      request(store, unidentified, async () => await nobody.recover(UNKNOWN)),
      request(store, malformed, async () => await alice.recover('123456')),
      request(store, { status: 403, code: 'ERR_TOTP_CROSS_SITE' }, async () =>
        await alice.request('POST', '/totp/challenges', { code: '123456' }, elsewhere)),
      request(store, malformed, async () => await alice.challenge('12345')),
      request(store, malformed, async () => await alice.post('/totp/factors', { name: 'My phone' }))
    ]
  },

  async 'refused as disabled, locked, not enrolled, not approved or not found, or a code of too many digits' (t) {
    const disabled = await guessed(t, { attempts: { lockAfter, disableAfter: lockAfter } })
    const locked = await guessed(t)
    const { store, alice, phone, now, login } = await approved(t)
    const [bob, other] = [await login('bob'), await login('alice')]
    const stale = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
    return [
      request(disabled.store, { status: 403, code: 'ERR_TOTP_DISABLED' }, async () =>
        await disabled.alice.challenge(disabled.phone.code(disabled.now()))),
      request(locked.store, { status: 429, code: 'ERR_TOTP_LOCKED' }, async () =>
        await locked.alice.challenge(locked.phone.code(locked.now()))),
      request(store, { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, async () => await bob.challenge('123456')),
      request(store, stale, async () => await other.post('/totp/factors', {})),
      request(store, stale, async () => await other.post('/totp/recovery-codes')),
      request(store, { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, async () => await bob.post('/totp/recovery-codes')),
      request(store, stale, async () => await other.patch(`/totp/factors/${phone.sid}`, { friendlyName: 'Mine' })),
      request(store, stale, async () => await other.delete(`/totp/factors/${phone.sid}`)),
      request(store, { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }, async () =>
        await alice.delete(`/totp/factors/${newSid('YF')}`)),
      request(store, { status: 400, code: 'FST_ERR_VALIDATION' }, async () =>
        await alice.challenge(`${phone.code(now())}00`))
    ]
  }
}

const LOST_RACE = 'each lost race, on top'

/** Reads and writes as the documentation tells them; a last column says what differs with Twilio. */
function told (): ReadonlyMap<string, Asked> {
  const page = readFileSync(join(ROOT, 'docs', 'load-and-outages.md'), 'utf8')
  const [, section = ''] = page.split(/^#+ What it asks of the store$/m)
  const [table = ''] = /^\| operation .*(?:\n\|.*)+/m.exec(section) ?? []
  const rows = table.split('\n').slice(2).map(row => row.split('|').slice(1, -1).map(cell => cell.trim()))
  return new Map(rows.map(([operation = '', reads = '', writes = '', there = '']) => {
    const [first = reads, second = writes] = isEmbedded() ? [] : there.match(/\d+/g) ?? []
    return [operation, { reads: Number(first), writes: Number(second) }]
  }))
}

t.test('the documentation tells of each operation what it asks of the store', async t => {
  t.same([...told().keys()].sort(), [...Object.keys(OPERATIONS), LOST_RACE].sort())
})

for (const [operation, prepare] of Object.entries(OPERATIONS)) {
  t.test(`${operation}: reads and writes as told`, async t => {
    for (const { store, act } of await prepare(t)) {
      t.same(await store.during(act, false), told().get(operation))
    }
  })
}

t.test('a lost race costs one read and one write more, whatever was to be written', async t => {
  const more = told().get(LOST_RACE) ?? { reads: NaN, writes: NaN }
  for (const [operation, prepare] of Object.entries(OPERATIONS)) {
    const { reads, writes } = told().get(operation) ?? { reads: NaN, writes: NaN }
    // Where nothing is kept, nobody can have changed it.
    if (writes === 0 || operation === NEW_USER) continue
    const expected = { reads: reads + more.reads, writes: writes + more.writes }
    for (const { store, act } of await prepare(t)) t.same(await store.during(act, true), expected, operation)
  }
})
