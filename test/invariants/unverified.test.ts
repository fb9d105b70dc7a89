import t from 'tap'
import { instances } from '../instances.js'
import { site } from '../site.js'

const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const NOT_FOUND = { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }

t.test('an unverified factor opens nothing, and replaces no verified one', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const draft = await alice.enroll()
  t.match(await alice.challenge(draft.code(now())), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })

  const phone = await alice.enrollVerified(now())
  const tablet = await alice.enroll('tablet')
  wait(60)
  t.match(await alice.challenge(tablet.code(now())), DENIED)
  t.match(await alice.challenge(tablet.code(now()), tablet.sid), NOT_FOUND)
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
})

t.test('an unverified factor lives ten minutes', async t => {
  const { login, now, wait } = await site(t)
  const [alice, bob] = [await login('alice'), await login('bob')]
  const [phone, pad] = [await alice.enroll(), await bob.enroll()]
  wait(600)
  t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) }), { status: 200 })
  wait(1)
  t.match(await bob.post(`/totp/factors/${pad.sid}/verify`, { code: pad.code(now()) }), NOT_FOUND)
  t.match((await bob.get('/totp/factors')).json(), { factors: [] })
})

t.test('one that began in the future is void', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enroll()
  wait(-31)
  t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) }), NOT_FOUND)
})

t.test('five wrong codes end it', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enroll()
  const verify = async (code: string) => await alice.post(`/totp/factors/${phone.sid}/verify`, { code })
  for (let i = 0; i < 5; i++) t.match(await verify(phone.wrongCode(now())), DENIED)
  t.match(await verify(phone.code(now())), NOT_FOUND)
})

t.test('there is one at a time: a new one replaces it', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const first = await alice.enroll()
  const second = await alice.enroll()
  t.match(await alice.post(`/totp/factors/${first.sid}/verify`, { code: first.code(now()) }), NOT_FOUND)
  t.match(await alice.post(`/totp/factors/${second.sid}/verify`, { code: second.code(now()) }), { status: 200 })
})

t.test('it belongs to the session that enrolled it', async t => {
  const { one, two, now } = await instances(t)
  const alice = await one.login('alice')
  const phone = await alice.enroll('phone')
  for (const other of [await one.login('alice'), await two.login('alice'), await one.login('bob')]) {
    t.match(await other.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(now()) }), NOT_FOUND)
    t.match(await other.patch(`/totp/factors/${phone.sid}`, { friendlyName: 'mine' }), NOT_FOUND)
    t.match(await other.delete(`/totp/factors/${phone.sid}`), NOT_FOUND)
    t.match((await other.get('/totp/factors')).json(), { factors: [] })
  }
  t.match((await alice.get('/totp/factors')).json(), { factors: [{ sid: phone.sid, friendlyName: 'phone' }] })
  t.match(await alice.patch(`/totp/factors/${phone.sid}`, { friendlyName: 'my phone' }), { status: 200 })
  t.match(await alice.delete(`/totp/factors/${phone.sid}`), { status: 204 })
})

t.test('it stays with its session when that answers a challenge, or gives its approval back', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const tablet = await alice.enroll('tablet')
  wait(60)
  t.match(await alice.delete('/totp/approval'), { status: 204 })
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
  t.match(await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.code(now()) }), { status: 200 })
})

t.test('it dies with the generation: by removal, and by another first verification', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const spare = await alice.enrollVerified(now(), 'spare')
  const tablet = await alice.enroll('tablet')
  t.match(await alice.delete(`/totp/factors/${spare.sid}`), { status: 204 })
  await alice.challenge(phone.code(now() + 30))
  t.match(await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.code(now()) }), NOT_FOUND)
})

t.test('with a verified factor, changing any takes a fresh approval', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const tablet = await alice.enroll('tablet')
  const unapproved = await login('alice')
  const attempts = async (person: typeof alice) => [
    await person.post('/totp/factors', {}),
    await person.patch(`/totp/factors/${phone.sid}`, { friendlyName: 'mine' }),
    await person.delete(`/totp/factors/${phone.sid}`)
  ]
  for (const answer of await attempts(unapproved)) t.match(answer, REQUIRED)
  wait(301)
  t.match(await alice.vault(), { status: 200 }, 'approved, but not just now')
  for (const answer of await attempts(alice)) t.match(answer, REQUIRED)
  t.match(await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.code(now()) }), REQUIRED)
  await alice.challenge(phone.code(now()))
  t.match(await alice.post(`/totp/factors/${tablet.sid}/verify`, { code: tablet.code(now()) }), { status: 200 })
  t.strictSame((await attempts(alice)).map(({ status }) => status), [201, 200, 204])
})

t.test('no more factors than maxFactors', async t => {
  const { login, now } = await site(t, { totp: { maxFactors: 2 } })
  const alice = await login('alice')
  await alice.enrollVerified(now(), 'one')
  await alice.enrollVerified(now(), 'two')
  t.match(await alice.post('/totp/factors', {}), { status: 409, code: 'ERR_TOTP_FACTOR_LIMIT' })
})

t.test('enrolling, removing and enrolling again gives a new secret each time', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const secrets = new Set<string>()
  for (let i = 0; i < 20; i++) {
    const phone = await alice.enrollVerified(now())
    secrets.add(phone.secret)
    wait(120)
    t.match(await alice.delete(`/totp/factors/${phone.sid}`), { status: 204 })
  }
  t.equal(secrets.size, 20)
})
