import t, { type Test } from 'tap'
import { cookieSession } from '../../src/connect.js'
import { newMark } from '../../src/entity/mark.js'
import { useExpress } from '../again-on-express/express-server.js'
import { gate } from '../gate.js'
import { site, type SiteOptions } from '../site.js'
import { untyped } from '../untyped.js'

/*
 * The session is in the cookie. An old cookie carries its old content for ever: it can log its user in again,
 * but its approval ends in the entity.
 */

const MARK = newMark()
const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }

useExpress(5, 'cookie-session')

/** A site on which alice has a factor and an approval. */
async function approved (t: Test, options: SiteOptions = {}) {
  const built = await site(t, options)
  const alice = await built.login('alice')
  const phone = await alice.enrollVerified(built.now())
  t.match(await alice.vault(), { status: 200 })
  return { ...built, alice, phone }
}

t.test('an old cookie after a logout logs in, and approves nothing', async t => {
  const { alice, phone, now } = await approved(t)
  const thief = alice.copy()
  t.match(await alice.post('/logout'), { status: 204 })
  t.match(await alice.vault(), { status: 401 })
  t.match(await thief.vault(), REQUIRED)
  t.match(await thief.challenge(phone.code(now() + 30)), REQUIRED, 'its mark is withdrawn')
  t.match(await thief.vault(), REQUIRED)
})

t.test('an old cookie after the end of an approval, a revocation and a removal approves nothing', async t => {
  for (const end of ['approval', 'revoke', 'removal'] as const) {
    const { alice, phone, app } = await approved(t)
    const old = alice.copy()
    if (end === 'approval') await alice.delete('/totp/approval')
    if (end === 'revoke') await app.totp.revoke('alice')
    if (end === 'removal') await alice.delete(`/totp/factors/${phone.sid}`)
    for (const person of [alice, old]) t.match(await person.vault(), { status: 403 }, end)
  }
})

t.test('an approval is of one session, and of one identity', async t => {
  const { login, now, alice } = await approved(t, {
    routes: app => {
      app.post<{ Body: { mark: string } }>('/plant', async request => {
        Object.assign(request.session, { totpMark: request.body.mark })
        return {}
      })
      app.get('/mark', async request => ({ mark: Reflect.get(request.session, 'totpMark') }))
    }
  })
  t.match(await (await login('alice')).vault(), REQUIRED)
  const bob = await login('bob')
  await bob.enrollVerified(now())
  await bob.post('/plant', (await alice.get('/mark')).json())
  t.match(await bob.vault(), REQUIRED)
})

t.test('a slow writer drops the approval that was given meanwhile, and never brings an ended one back', async t => {
  const [reached, opened] = [gate(), gate()]
  const { alice, phone, now, wait } = await approved(t, {
    routes: app => {
      app.post('/slow', async request => {
        reached.open()
        await opened.passed
        Object.assign(request.session, { visits: 1 })
        return {}
      })
    }
  })
  wait(30)
  const slow = alice.post('/slow')
  await reached.passed
  t.match(await alice.challenge(phone.code(now())), { status: 200 })
  t.match(await alice.vault(), { status: 200 })
  opened.open()
  await slow
  t.match(await alice.vault(), REQUIRED)
})

t.test('forget comes before the end of the session', async t => {
  const lines: string[] = []
  const { alice } = await approved(t, {
    log: line => { lines.push(line) },
    routes: app => {
      app.post('/too-late', async (request, reply) => {
        Reflect.set(request, 'session', null)
        await cookieSession.write(untyped(request), untyped(reply), MARK, true)
      })
      app.get('/read-late', async request => {
        Reflect.set(request, 'session', null)
        return { mark: cookieSession.read(untyped(request)) ?? null }
      })
    }
  })
  t.match((await alice.post('/too-late')).json(), {
    statusCode: 500, message: 'the session has ended: call forget before you end it'
  })
  t.same((await alice.get('/read-late')).json(), { mark: null })
})

t.test('secure: true over plain HTTP is 503, and the log tells why', async t => {
  const lines: string[] = []
  const secure: SiteOptions = { session: untyped({ secure: true }), log: line => { lines.push(line) } }
  for (const behindProxy of [false, true]) {
    const { visitor } = await site(t, {
      ...secure,
      totp: { identify: () => 'alice' },
      front: web => { if (behindProxy) web.set('trust proxy', true) }
    })
    const user = visitor()
    const answer = await user.request('POST', '/totp/factors', {}, { 'x-forwarded-proto': 'https' })
    t.equal(answer.status, behindProxy ? 201 : 503)
    t.equal(answer.headers['set-cookie'] === undefined, !behindProxy)
  }
  t.match(lines.join(''), /secure: true, but the request came over plain HTTP: behind a proxy, set app.set\('trust proxy'/)
})

t.test('a socket that is encrypted is HTTPS without Express, too', async t => {
  const session = Object.create({ isPopulated: false })
  const request = { session, sessionOptions: { secure: true }, socket: { encrypted: true } }
  await cookieSession.write(request, untyped({ headersSent: false }), MARK, true)
  t.equal(cookieSession.read(request), MARK)
})

t.test('an answer that has begun can\'t carry the mark', async t => {
  const session = Object.create({ isPopulated: false })
  t.throws(() => cookieSession.write({ session }, untyped({ headersSent: true }), MARK, true), {
    message: /the answer has begun/
  })
  t.same(Object.keys(session), [])
})

t.test('without a session nothing is read or written, and the error tells what to do', async t => {
  for (const session of [undefined, 5, {}]) {
    const none = { message: /no session of cookie-session: its middleware must stand in front/ }
    t.throws(() => cookieSession.read({ session }), none)
    t.throws(() => cookieSession.write({ session }, untyped({}), MARK, true), none)
  }
})

t.test('functions of the port that are taken for a middleware throw at once', async t => {
  const session = Object.create({ isPopulated: false })
  for (const name of ['read', 'write', 'withEntry', 'lookAfter'] as const) {
    t.ok(cookieSession[name].length < 4, 'Express takes four parameters for an error handler')
    t.throws(() => Reflect.apply(untyped(cookieSession[name]), undefined, [{ session }, {}, () => t.fail('passed')]), name)
  }
  const fail = (error: unknown) => t.fail(String(error))
  cookieSession.lookAfter({ session }, untyped({}), { warn: fail, fail })
  t.same(Object.keys(session), [])
})

t.test('two instances of the package keep their marks in one session', async t => {
  const session = Object.create({ isPopulated: false })
  const other = cookieSession.withEntry('otherMark')
  await other.write({ session }, untyped({}), MARK, true)
  t.equal(other.read({ session }), MARK)
  t.equal(cookieSession.read({ session }), undefined)
})
