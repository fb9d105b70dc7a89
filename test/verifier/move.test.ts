import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'
import { faultyStore } from '../faulty-store.js'
import { gate } from '../gate.js'
import { instances } from '../instances.js'
import { enrolledThere, kept, keptFactor, rewrite, RIGHT, there, WRONG } from '../remote/there.js'
import { site } from '../site.js'

const CLOSED = { status: 503, code: 'ERR_TOTP_STORE' }
const NOTHING = { code: 'FST_ERR_VALIDATION', message: /something is kept about the identity to move to/ }

t.test('a renamed user keeps factors, spent codes and counts, and loses approvals', async t => {
  const { app, login, store, events, now, wait } = await site(t)
  const alice = await login('alice')
  const [phone, tablet] = [await alice.enrollVerified(now()), await alice.enrollVerified(now())]
  wait(60)
  await alice.challenge(phone.wrongCode(now()))
  const before = await kept(store)
  await app.totp.move('alice', 'carol')
  const { revision, generation, factors, ...after } = await kept(store, 'carol')
  t.equal(await store.get('identity:alice'), null)
  t.strictSame(after, {
    format: before.format,
    identity: 'carol',
    movingTo: null,
    sid: before.sid,
    unverified: null,
    enrolledAt: before.enrolledAt,
    attempts: before.attempts,
    approvals: [],
    withdrawn: [],
    recoveryCodes: before.recoveryCodes,
    pass: null,
    browsers: [],
    leftovers: []
  })
  t.not(generation, before.generation)
  t.not(revision, before.revision)
  t.match(factors.map(({ sid }) => sid), [phone.sid, tablet.sid])
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  const carol = await login('carol')
  t.match(await carol.challenge(phone.code(now() - 60)), { status: 403 }, 'a code that was spent before')
  t.match(await carol.challenge(phone.code(now())), { status: 200 })
  t.match(await carol.vault(), { status: 200 })
  wait(30)
  t.match(await carol.challenge(tablet.code(now())), { status: 200 })
  await nextTurn()
  t.match(events.filter(({ type }) => type === 'identity.moved'), [
    { type: 'identity.moved', identity: 'carol', factorSid: null, method: null, by: null, actor: 'operator', context: null }
  ])
})

t.test('an enrollment and an approval of the old identity are worth nothing at the new one', async t => {
  const { app, login, now, wait } = await site(t, {
    routes: app => {
      app.post<{ Body: { username: string } }>('/rename', async request => {
        request.session.userId = request.body.username
      })
    }
  })
  const alice = await login('alice')
  await alice.enrollVerified(now())
  wait(60)
  const draft = await alice.enroll()
  await app.totp.move('alice', 'carol')
  await alice.post('/rename', { username: 'carol' })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.post(`/totp/factors/${draft.sid}/verify`, { code: draft.code(now()) }), { status: 404 })
})

t.test('where something is kept, nothing is moved; where nothing is kept, nothing happens', async t => {
  const { app, login, store, events, now, wait } = await site(t)
  const phone = await (await login('alice')).enrollVerified(now())
  await (await login('bob')).enroll()
  const before = await Promise.all([kept(store), kept(store, 'bob')])
  await t.rejects(app.totp.move('alice', 'bob'), NOTHING)
  t.strictSame(await Promise.all([kept(store), kept(store, 'bob')]), before)
  await app.totp.move('nobody yet', 'carol')
  await app.totp.move('nobody yet', 'alice')
  t.equal(await store.get('identity:carol'), null)
  await t.rejects(app.totp.move('alice', 'alice'), { code: 'FST_ERR_VALIDATION', message: /another identity/ })
  for (const to of ['', 'x'.repeat(257), 'a\0']) {
    await t.rejects(app.totp.move('alice', to), { code: 'ERR_TOTP_UNIDENTIFIED' })
    await t.rejects(app.totp.move(to, 'alice'), { code: 'ERR_TOTP_UNIDENTIFIED' })
  }
  wait(30)
  t.match(await (await login('alice')).challenge(phone.code(now())), { status: 200 })
  await nextTurn()
  t.notOk(events.some(({ type }) => type === 'identity.moved'))
})

t.test('a move that is interrupted anywhere leaves the user refused, and is finished by repeating it', async t => {
  for (const [done, name] of ['closed', 'created', 'deleted'].entries()) {
    for (const outcome of ['lost', 'written']) {
      const kept = memoryStore()
      const store = faultyStore(kept)
      const { app, login, now, wait } = await site(t, { totp: { store } })
      const alice = await login('alice')
      const phone = await alice.enrollVerified(now())
      wait(30)
      let writes = 0
      store.break('replace', async (...args) => {
        const [key, expected, next] = args
        if (writes++ !== done) return await Reflect.apply(kept.replace, kept, [key, expected, next])
        if (outcome === 'written') await Reflect.apply(kept.replace, kept, [key, expected, next])
        throw new Error('the connection was lost')
      })
      await t.rejects(app.totp.move('alice', 'carol'), { code: 'ERR_TOTP_STORE' })
      store.mend()
      const isClosed = (await kept.get('identity:alice'))?.movingTo === 'carol'
      t.equal(isClosed, !(done === 0 && outcome === 'lost') && !(done === 2 && outcome === 'written'), `${name}, ${outcome}`)
      if (isClosed) {
        for (const answer of [
          await alice.challenge(phone.code(now())), await alice.vault(), await alice.get('/totp/factors'),
          await alice.post('/totp/factors', {}), await alice.delete(`/totp/factors/${phone.sid}`),
          await alice.delete('/totp/approval')
        ]) t.match(answer, CLOSED)
        for (const refused of [
          app.totp.revoke('alice'), app.totp.unlock('alice'), app.totp.reset('alice'), app.totp.move('bob', 'alice')
        ]) await t.rejects(refused, { code: 'ERR_TOTP_STORE', cause: { message: /call app\.totp\.move again/ } })
        await t.rejects(app.totp.move('alice', 'dave'), { code: 'FST_ERR_VALIDATION', message: /repeat that one first/ })
      }
      await app.totp.move('alice', 'carol')
      t.equal(await kept.get('identity:alice'), null)
      t.match(await (await login('carol')).challenge(phone.code(now())), { status: 200 })
      await app.totp.move('alice', 'carol')
      t.match(await (await login('carol')).challenge(phone.code(now())), { status: 403 }, 'spent')
    }
  }
})

t.test('the new identity opens when the old one is gone, so nothing there is replaced by a repetition', async t => {
  const kept = memoryStore()
  const store = faultyStore(kept)
  const { app, login, events, now, wait } = await site(t, { totp: { store } })
  const phone = await (await login('alice')).enrollVerified(now())
  wait(30)
  store.break('replace', async (...args) => {
    const [key, expected, next] = args
    if (next === null) throw new Error('the connection was lost')
    return await Reflect.apply(kept.replace, kept, [key, expected, next])
  })
  await t.rejects(app.totp.move('alice', 'carol'), { code: 'ERR_TOTP_STORE' })
  store.mend()
  const carol = await login('carol')
  t.match(await (await login('alice')).challenge(phone.code(now())), CLOSED, 'never in both')
  t.match(await carol.challenge(phone.code(now())), CLOSED, 'nor in one that may still be replaced')
  t.match(await carol.recover(phone.recoveryCodes[0]), CLOSED)
  const interrupted = { code: 'ERR_TOTP_STORE', cause: { message: /call app\.totp\.move again/ } }
  await t.rejects(app.totp.reset('carol'), interrupted)
  await t.rejects(app.totp.move('carol', 'dave'), { code: 'FST_ERR_VALIDATION', message: /repeat that one first/ })
  await app.totp.move('alice', 'carol')
  t.match(await carol.challenge(phone.code(now())), { status: 200 })
  await app.totp.move('alice', 'carol')
  t.match(await carol.challenge(phone.code(now())), { status: 403 }, 'spent')
  await nextTurn()
  t.equal(events.filter(({ type }) => type === 'identity.moved').length, 1)
})

t.test('a move that is slower than another one, and than what came after it, brings nothing back', async t => {
  const kept = memoryStore<Entity>()
  const [reached, opened] = [gate(), gate()]
  let isSlow = true
  const slow: EntityStore = {
    get: async key => await kept.get(key),
    async replace (key, ...args) {
      if (key === 'identity:carol' && isSlow) {
        isSlow = false
        reached.open()
        await opened.passed
      }
      return await kept.replace(key, ...args)
    }
  }
  const one = await site(t, { totp: { store: slow } })
  const two = await site(t, { totp: { store: kept, clock: one.now } })
  const phone = await (await one.login('alice')).enrollVerified(one.now())
  const late = one.app.totp.move('alice', 'carol')
  await reached.passed
  await two.app.totp.move('alice', 'carol')
  one.wait(30)
  t.match(await (await two.login('carol')).recover(phone.recoveryCodes[0]), { status: 200 })
  await two.app.totp.reset('carol')
  opened.open()
  await t.rejects(late, { code: 'ERR_TOTP_CONFLICT' })
  t.match(await (await two.login('carol')).recover(phone.recoveryCodes[0]), CLOSED)
  t.match(await (await two.login('carol')).challenge(phone.code(one.now())), CLOSED)
})

t.test('if something comes to the new identity meanwhile, the old one opens again', async t => {
  const kept = memoryStore()
  const store = faultyStore(kept)
  const { app, login, now, wait } = await site(t, { totp: { store } })
  const phone = await (await login('alice')).enrollVerified(now())
  wait(30)
  store.break('replace', async (...args) => {
    const [key, expected, next] = args
    store.mend()
    await (await login('carol')).enroll()
    return await Reflect.apply(kept.replace, kept, [key, expected, next])
  })
  await t.rejects(app.totp.move('alice', 'carol'), NOTHING)
  t.match(await (await login('alice')).challenge(phone.code(now())), { status: 200 })
})

t.test('a move that fails leaves alone what became of the old identity meanwhile', async t => {
  const kept = memoryStore()
  const store = faultyStore(kept)
  const { app, login, now, wait } = await site(t, { totp: { store } })
  await (await login('alice')).enrollVerified(now())
  wait(30)
  let closed = false
  store.break('replace', async (...args) => {
    const [key] = args
    if (key === 'identity:carol' && closed) {
      store.mend()
      await (await login('carol')).enroll()
      await app.totp.reset('alice').catch(() => {})
      const stored = await kept.get('identity:alice')
      await kept.replace('identity:alice', stored?.revision ?? null, null)
      return false
    }
    closed = true
    return await Reflect.apply(kept.replace, kept, args)
  })
  await t.rejects(app.totp.move('alice', 'carol'), NOTHING)
  t.equal(await kept.get('identity:alice'), null)
})

t.test('of a code and a move that race, the code is spent or the user is refused', async t => {
  const { one, two, now, wait } = await instances(t)
  const phone = await (await one.login('alice')).enrollVerified(now())
  const names = ['alice', 'carol']
  for (let i = 0; i < 20; i++) {
    wait(30)
    const [from = '', to = ''] = i % 2 === 0 ? names : names.toReversed()
    const people = [await one.login(from), await two.login(from), await one.login(to), await two.login(to)]
    const answers = await Promise.all([
      ...people.map(async person => await person.challenge(phone.code(now()))),
      ...[one, two].map(async ({ app }) => await app.totp.move(from, to).catch(error => {
        t.equal(error.code, 'ERR_TOTP_CONFLICT', 'the other one has finished it')
      }))
    ])
    const statuses = answers.flatMap(answer => typeof answer === 'object' ? [answer.status] : [])
    t.ok(statuses.filter(status => status === 200).length <= 1, statuses.join())
    t.equal(await one.store.get(`identity:${from}`), null)
    await one.app.totp.unlock(to)
  }
})

t.test('a secret that no key opens refuses the move before anything is closed', async t => {
  const { app, login, store, events, now } = await site(t)
  await (await login('alice')).enrollVerified(now())
  await rewrite(store, (entity): Entity => {
    const factors = entity.factors.map(factor =>
      factor.provider === 'embedded' ? { ...factor, sealed: `AAAAAAAAAAA${factor.sealed.slice(11)}` } : factor)
    return { ...entity, factors }
  })
  const before = await kept(store)
  await t.rejects(app.totp.move('alice', 'carol'), { code: 'ERR_TOTP_STORE' })
  t.strictSame(await kept(store), before)
  await nextTurn()
  t.match(events.at(-1), { type: 'document.refused', identity: 'alice', actor: 'operator' })
})

t.test('factors at Twilio move too: they are reached there as before, and spent codes stay spent', async t => {
  const { app, login, store, server } = await there(t)
  const alice = await login('alice')
  const sid = await enrolledThere(alice)
  t.match(await alice.challenge(RIGHT), { status: 200 })
  const { remote, tag } = await keptFactor(store)
  await app.totp.move('alice', 'carol')
  const moved = await keptFactor(store, 'carol')
  t.strictSame(moved.remote, remote)
  t.not(moved.tag, tag)
  const carol = await login('carol')
  const asked = server.asked('create').length
  t.match(await carol.challenge(RIGHT), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.equal(server.asked('create').length, asked, 'Twilio isn\'t asked about a spent code')
  t.match(await carol.challenge(WRONG), { status: 403 })
  server.right.add('900002')
  t.match(await carol.challenge('900002'), { status: 200 })
  t.match(await carol.delete(`/totp/factors/${sid}`), { status: 204 })
  t.equal(server.factors.size, 0)
})

t.test('a leftover at Twilio can be deleted after the move', async t => {
  const { app, login, store, server } = await there(t)
  const alice = await login('alice')
  const sid = await enrolledThere(alice)
  server.answer('remove', { status: 500 })
  t.match(await alice.delete(`/totp/factors/${sid}`), { status: 204 })
  server.mend()
  await app.totp.move('alice', 'carol')
  t.match((await kept(store, 'carol')).leftovers, [{ sid }])
  await app.totp.reset('carol')
  t.equal(server.factors.size, 0)
  t.equal(await store.get('identity:carol'), null)
})
