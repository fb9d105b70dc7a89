import t from 'tap'
import { instances } from '../instances.js'
import { site } from '../site.js'

declare module 'fastify' {
  interface Session { totpMark?: string, seen?: string }
}

const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }

t.test('an approval is of one session: another one of the same identity needs its own', async t => {
  const { one, two, now } = await instances(t)
  const alice = await one.login('alice')
  await alice.enrollVerified(now())
  t.match(await alice.vault(), { status: 200 })
  t.match(await (await one.login('alice')).vault(), REQUIRED)
  t.match(await (await two.login('alice')).vault(), REQUIRED)
})

t.test('an approval is of one identity: a mark in the session of another one is worth nothing', async t => {
  const { login, now, app } = await site(t, {
    routes: app => {
      app.post<{ Body: { mark: string } }>('/plant', async request => {
        request.session.totpMark = request.body.mark
      })
      app.get('/mark', async request => ({ mark: request.session.totpMark }))
    }
  })
  const [alice, bob] = [await login('alice'), await login('bob')]
  await alice.enrollVerified(now())
  await bob.enrollVerified(now())
  const { mark } = (await alice.get('/mark')).json()
  t.match(await bob.post('/plant', { mark }), { status: 200 })
  t.match(await bob.vault(), REQUIRED)
  t.match(await alice.vault(), { status: 200 })
  t.equal(JSON.stringify(await app.totp.factors({ identity: 'alice', operator: true })).includes(mark), false)
})

t.test('another identity\'s right code is a wrong code, and stays of use to its owner', async t => {
  const { login, now } = await site(t)
  const [alice, bob] = [await login('alice'), await login('bob')]
  const phone = await alice.enrollVerified(now())
  await bob.enrollVerified(now())
  t.match(await bob.challenge(phone.code(now() + 30)), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await alice.challenge(phone.code(now() + 30)), { status: 200 })
})

t.test('every approval gives the session a new id and a new mark; the old id is nobody', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const before = alice.copy()
  const phone = await alice.enrollVerified(now())
  t.match(await before.get('/totp/factors'), { status: 401 })
  const between = alice.copy()
  t.match(await alice.challenge(phone.code(now() + 30)), { status: 200 })
  t.match(await between.vault(), { status: 401 })
  t.match(await alice.vault(), { status: 200 })
})

t.test('removing a factor ends every approval of the identity, on every instance', async t => {
  const { one, two, now, wait } = await instances(t)
  const alice = await one.login('alice')
  const phone = await alice.enrollVerified(now())
  const tablet = await alice.enrollVerified(now(), 'tablet')
  wait(60)
  const others = [await one.login('alice'), await two.login('alice')]
  for (const other of others) {
    wait(30)
    t.match(await other.challenge(phone.code(now()), phone.sid), { status: 200 })
  }
  t.match(await alice.delete(`/totp/factors/${tablet.sid}`), { status: 204 })
  for (const person of [alice, ...others]) t.match(await person.vault(), REQUIRED)
  wait(60)
  t.match(await alice.challenge(tablet.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
  t.match(await alice.delete(`/totp/factors/${phone.sid}`), { status: 204 })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
})

t.test('removing one factor ends the approval of the session that removes it, by another factor too', async t => {
  const { one, now, wait } = await instances(t)
  const alice = await one.login('alice')
  const phone = await alice.enrollVerified(now())
  const tablet = await alice.enrollVerified(now())
  wait(60)
  t.match(await alice.challenge(phone.code(now()), phone.sid), { status: 200 })
  t.match(await alice.delete(`/totp/factors/${tablet.sid}`), { status: 204 })
  t.match(await alice.vault(), REQUIRED)
})

t.test('the first verified factor puts every other session behind the guard', async t => {
  const { login, now } = await site(t, {
    routes: app => {
      app.get('/lenient', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async () => ({}))
    }
  })
  const [alice, other] = [await login('alice'), await login('alice')]
  t.match(await other.get('/lenient'), { status: 200 })
  await alice.enrollVerified(now())
  t.match(await other.get('/lenient'), REQUIRED)
})

t.test('revoke ends approvals and unverified factors, and nobody else\'s', async t => {
  const { one, two, now } = await instances(t)
  const [alice, bob] = [await one.login('alice'), await two.login('bob')]
  await alice.enrollVerified(now())
  await bob.enrollVerified(now())
  const tablet = await alice.enroll('tablet')
  await two.app.totp.revoke('alice')
  t.match(await alice.vault(), REQUIRED)
  t.match(await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.code(now()) }), { status: 404 })
  t.match(await bob.vault(), { status: 200 })
})

t.test('reset removes everything: enrolling again starts from nothing', async t => {
  const { login, now, app, wait } = await site(t)
  const alice = await login('alice')
  const old = await alice.enrollVerified(now())
  for (let i = 0; i < 4; i++) await alice.challenge(old.wrongCode(now()))
  await app.totp.reset('alice')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  const phone = await alice.enrollVerified(now())
  wait(60)
  t.match(await alice.challenge(old.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
})

t.test('an approval lasts maxAge, to the second, however long the session does', async t => {
  const { login, now, wait } = await site(t, { totp: { maxAge: 3600 } })
  const alice = await login('alice')
  await alice.enrollVerified(now())
  wait(60)
  t.match(await alice.post('/transfer'), { status: 200 })
  wait(1)
  t.match(await alice.post('/transfer'), REQUIRED)
  wait(3600 - 61)
  t.match(await alice.vault(), { status: 200 })
  wait(1)
  t.match(await alice.vault(), REQUIRED)
})

t.test('no route can ask for less than the plugin does: maxAge is absolute', async t => {
  const { login, now, wait } = await site(t, {
    totp: { maxAge: 3600 },
    routes: app => {
      t.throws(() => app.totp.required({ maxAge: 3601 }), { code: 'ERR_TOTP_INVALID_OPTION' })
      app.get('/patient', async request =>
        await app.totp.check(await app.totp.caller(request), { maxAge: 1_000_000 }))
    }
  })
  const alice = await login('alice')
  await alice.enrollVerified(now())
  wait(3600)
  t.match(await alice.get('/patient'), { status: 200 })
  wait(1)
  t.match(await alice.get('/patient'), REQUIRED)
})

t.test('an approval that began in the future is void, and stays it', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(-30)
  t.match(await alice.vault(), { status: 200 }, 'clocks may differ a little')
  wait(-1)
  t.match(await alice.vault(), REQUIRED)
  wait(-3600)
  t.match(await alice.vault(), REQUIRED)
  t.match(await alice.challenge(phone.wrongCode(now())), { status: 403 })
  wait(3661)
  t.match(await alice.vault(), REQUIRED, 'it went with the next write')
})

t.test('an approval that was taken away does not come back with an old copy of the session', async t => {
  const release: Array<() => void> = []
  const { login, now } = await site(t, {
    routes: app => {
      app.post('/slow', async request => {
        await new Promise<void>(resolve => release.push(resolve))
        request.session.seen = 'slowly'
      })
    }
  })
  for (const end of ['approval', 'logout'] as const) {
    const alice = await login(`alice ${end}`)
    await alice.enrollVerified(now())
    const elsewhere = alice.copy()
    const slow = elsewhere.post('/slow')
    while (release.length === 0) await new Promise(setImmediate)
    t.match(await (end === 'approval' ? alice.delete('/totp/approval') : alice.post('/logout')), { status: 204 })
    release.pop()?.()
    t.match(await slow, { status: 200 })
    t.not((await elsewhere.vault()).status, 200, end)
    t.not((await alice.vault()).status, 200, end)
  }
})

t.test('a challenge that began before its session lost the approval, or ended, approves nothing', async t => {
  const gates: Array<() => void> = []
  let slow = false
  const { login, now, wait } = await site(t, {
    holdBody: async () => { if (slow) await new Promise<void>(resolve => gates.push(resolve)) }
  })
  for (const end of ['approval', 'logout', 'removal'] as const) {
    const alice = await login(`alice ${end}`)
    const phone = await alice.enrollVerified(now())
    const tablet = await alice.enrollVerified(now(), 'tablet')
    wait(60)
    const elsewhere = alice.copy()
    t.match(await alice.vault(), { status: 200 })
    slow = true
    const challenge = elsewhere.challenge(phone.code(now()), phone.sid)
    while (gates.length === 0) await new Promise(setImmediate)
    slow = false
    if (end === 'approval') t.match(await alice.delete('/totp/approval'), { status: 204 })
    if (end === 'logout') t.match(await alice.post('/logout'), { status: 204 })
    if (end === 'removal') t.match(await alice.delete(`/totp/factors/${tablet.sid}`), { status: 204 })
    gates.pop()?.()
    t.match(await challenge, REQUIRED, end)
    t.not((await elsewhere.vault()).status, 200, end)
    t.not((await alice.vault()).status, 200, end)
    if (end !== 'logout') t.match(await alice.challenge(phone.code(now()), phone.sid), { status: 200 }, 'a new one may')
  }
})

t.test('the same holds where sessions had no mark when the request began', async t => {
  const gates: Array<() => void> = []
  let slow = false
  const { visitor, login, now, wait } = await site(t, {
    holdBody: async () => { if (slow) await new Promise<void>(resolve => gates.push(resolve)) },
    routes: app => {
      app.post<{ Body: { username: string } }>('/plain-login', async request => {
        await request.session.regenerate()
        request.session.userId = request.body.username
        return {}
      })
    }
  })
  for (const end of ['approval', 'logout'] as const) {
    const phone = await (await login(`alice ${end}`)).enrollVerified(now())
    wait(60)
    const alice = visitor()
    await alice.post('/plain-login', { username: `alice ${end}` })
    const elsewhere = alice.copy()
    slow = true
    const challenge = elsewhere.challenge(phone.code(now()))
    while (gates.length === 0) await new Promise(setImmediate)
    slow = false
    t.match(await (end === 'approval' ? alice.delete('/totp/approval') : alice.post('/logout')), { status: 204 })
    gates.pop()?.()
    t.match(await challenge, REQUIRED, end)
    t.not((await elsewhere.vault()).status, 200, end)
    t.not((await alice.vault()).status, 200, end)
  }
})

t.test('a logout that overlaps a challenge logs out, whichever is first', async t => {
  const gates: Array<() => void> = []
  let slow = false
  const { login, store, now, wait } = await site(t, {
    beforeHandler: async ({ url }) => {
      if (slow && url === '/logout') await new Promise<void>(resolve => gates.push(resolve))
    }
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  const elsewhere = alice.copy()
  slow = true
  const logout = elsewhere.post('/logout')
  while (gates.length === 0) await new Promise(setImmediate)
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
  gates.pop()?.()
  t.match(await logout, { status: 204 })
  t.match(await alice.vault(), { status: 401 }, 'the session that got a new id meanwhile has ended')
  t.match(await store.get('identity:alice'), { approvals: { length: 0 } }, 'and so has its approval')
  slow = false

  const bob = await login('bob')
  await bob.enrollVerified(now())
  const another = bob.copy()
  slow = true
  const slowly = another.post('/logout')
  while (gates.length === 0) await new Promise(setImmediate)
  t.match(await bob.delete('/totp/approval'), { status: 204 })
  gates.pop()?.()
  t.match(await slowly, { status: 204 })
  t.match(await bob.vault(), { status: 401 })
})

t.test('a log-in, and a logout, need a new challenge', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  await alice.post('/login', { username: 'alice' })
  t.match(await alice.vault(), REQUIRED)
  wait(60)
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
  await alice.post('/logout')
  t.match(await alice.vault(), { status: 401 })
  await alice.post('/login', { username: 'alice' })
  t.match(await alice.vault(), REQUIRED)
})
