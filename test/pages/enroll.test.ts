import assert from 'node:assert/strict'
import t from 'tap'
import { EnrollmentEndedError, FactorLimitError, FactorNotFoundError, LockedError, ProviderError } from '../../src/errors.js'
import { authenticator } from '../authenticator.js'
import { desk, type Answer, type Browser } from './desk.js'

const COOKIE = '__Host-totp-enrolling'

async function begin (browser: Browser): Promise<string> {
  await browser.post('/enroll', { action: 'begin' })
  const answer = await browser.get('/enroll')
  assert.equal(answer.page.kind, 'scan')
  return secretIn(answer)
}

function secretIn ({ page }: Answer): string {
  return page.kind === 'scan' ? page.secret : ''
}

t.test('an app is enrolled: start, scan, first code, recovery codes', async t => {
  const { login, now } = desk()
  const alice = login('alice')
  const start = await alice.get('/enroll')
  t.strictSame(start.page, { kind: 'start', isFirst: true, problem: null })
  t.strictSame(start.setting, { account: 'alice', notice: null, returnTo: null })
  t.strictSame(start.cookies, [])

  const begun = await alice.post('/enroll', { action: 'begin', friendlyName: '' })
  t.match(begun, { status: 303, location: '/totp/enroll', body: '' })
  t.equal(begun.headers['cache-control'], 'no-store')
  t.match(begun.cookies[0], /^__Host-totp-enrolling=YF[^;]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)

  const { page } = await alice.follow(begun)
  if (page.kind !== 'scan') throw new Error(page.kind)
  t.match(page, { label: 'alice', issuer: 'Acme', codeLength: 6, problem: null })
  t.match(page.qr, /^data:image\/svg\+xml;base64,/)
  t.equal(new URL(page.uri).searchParams.get('secret'), page.secret)
  t.notMatch(begun.cookies.join(), page.secret)

  const verified = await alice.post('/enroll', { action: 'verify', code: authenticator(page.secret).code(now()) })
  t.equal(verified.status, 200)
  t.equal(verified.headers['cache-control'], 'no-store')
  t.match(verified.page, { kind: 'newCodes', isFirst: true, codes: { length: 10 } })
  t.notOk(alice.cookies.has(COOKIE))
  t.match((await alice.get('/')).page, { kind: 'manage', isApproved: true, apps: [{ name: 'alice' }], recoveryCodes: 10 })

  const again = await alice.post('/enroll', { action: 'verify', code: '123456' })
  t.match(again, { status: 303, location: '/totp/' }, 'a reload of the last form')
})

t.test('the QR code survives a reload and a second tab, and no other session or user sees it', async t => {
  const { login } = desk()
  const alice = login('alice')
  const secret = await begin(alice)
  t.equal(secretIn(await alice.get('/enroll')), secret)
  t.equal(secretIn(await alice.copy().get('/enroll')), secret)

  const cookie = alice.cookies.get(COOKIE) ?? ''
  for (const other of [login('bob', { ...alice.session }), login('alice')]) {
    await other.post('/enroll', { action: 'cancel' })
    other.cookies.set(COOKIE, cookie)
    t.equal((await other.get('/enroll')).page.kind, 'start')
  }
  const bob = login('bob')
  await begin(bob)
  bob.cookies.set(COOKIE, cookie)
  t.equal((await bob.get('/enroll')).page.kind, 'start', 'the cookie of another user')
  const elsewhere = login('alice')
  elsewhere.cookies.set(COOKIE, cookie)
  t.equal((await elsewhere.get('/enroll')).page.kind, 'start', 'another session')
})

t.test('without its cookie, or with another one, an enrollment begins again', async t => {
  const { login } = desk()
  const alice = login('alice')
  await begin(alice)
  const cookie = alice.cookies.get(COOKIE) ?? ''
  for (const value of ['', 'x', '~', `${cookie}x`, cookie.slice(0, -1), cookie.replace('YF', 'YE'), cookie.split('~')[0] ?? '']) {
    alice.cookies.set(COOKIE, value)
    t.equal((await alice.get('/enroll')).page.kind, 'start', value)
  }
  alice.cookies.delete(COOKIE)
  t.equal((await alice.get('/enroll')).page.kind, 'start')
  alice.cookies.set(COOKIE, `${cookie}; ${COOKIE}=${cookie}`)
  t.equal((await alice.get('/enroll')).page.kind, 'start', 'doubled')
  alice.cookies.set(COOKIE, cookie)
  t.equal((await alice.get('/enroll')).page.kind, 'scan')
})

t.test('a cookie of a former enrollment shows nothing', async t => {
  const { login } = desk()
  const alice = login('alice')
  await begin(alice)
  const former = alice.cookies.get(COOKIE) ?? ''
  await begin(alice)
  alice.cookies.set(COOKIE, former)
  t.equal((await alice.get('/enroll')).page.kind, 'start')
})

t.test('cancelling removes the factor and the cookie', async t => {
  const { login, verifier } = desk()
  const alice = login('alice')
  await begin(alice)
  t.equal((await alice.post('/enroll', { action: 'cancel' })).location, '/totp/')
  t.strictSame((await verifier.factors({ identity: 'alice', operator: true })).factors, [])
  t.notOk(alice.cookies.has(COOKIE))
  t.equal((await alice.get('/enroll')).page.kind, 'start')
  t.equal((await alice.post('/enroll', { action: 'cancel' })).location, '/totp/', 'once more')
  await begin(alice)
  const twice = await Promise.all([alice.post('/enroll', { action: 'cancel' }), alice.post('/enroll', { action: 'cancel' })])
  t.strictSame(twice.map(({ location }) => location), ['/totp/', '/totp/'], 'and twice at once')
})

t.test('wrong first codes are told, and the fifth ends the enrollment', async t => {
  const { login, now } = desk()
  const alice = login('alice')
  const app = authenticator(await begin(alice))
  const answers = [
    ['12345', 'problem=malformed', { is: 'malformed' }],
    ['', 'problem=malformed', { is: 'malformed' }],
    [app.wrongCode(now()), 'problem=denied', { is: 'denied' }],
    [app.code(now() + 120), 'problem=clock&off=120', { is: 'clock', off: 120 }],
    [app.code(now() - 150), 'problem=clock&off=-150', { is: 'clock', off: -150 }],
    [app.wrongCode(now()), 'problem=denied', { is: 'denied' }]
  ] as const
  for (const [code, query, problem] of answers) {
    const answer = await alice.post('/enroll', { action: 'verify', code })
    t.match(answer, { status: 303, location: `/totp/enroll?${query}` })
    t.match((await alice.follow(answer)).page, { kind: 'scan', problem })
  }
  const last = await alice.post('/enroll', { action: 'verify', code: app.wrongCode(now()) })
  t.equal(last.location, '/totp/enroll?problem=wrongCodes')
  t.notOk(alice.cookies.has(COOKIE))
  t.match((await alice.follow(last)).page, { kind: 'start', problem: { is: 'wrongCodes' } })
  t.equal((await alice.post('/enroll', { action: 'verify', code: '123456' })).location, '/totp/enroll?problem=ended')
})

t.test('while codes are locked, a further app takes a code first', async t => {
  const { login, now, wait } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  const again = login('alice')
  wait(30)
  for (let n = 0; n < 5; n++) await again.post('/challenge', { code: app.wrongCode(now()) })
  const led = await again.post('/enroll', { action: 'begin' })
  t.match(led, { status: 303, location: /^\/totp\/challenge\?return=/ })
  t.match((await again.follow(led)).page, { kind: 'challenge', state: { is: 'locked' } })
})

t.test('an enrollment that expired has ended', async t => {
  const { login, wait } = desk()
  const alice = login('alice')
  await begin(alice)
  wait(601)
  t.equal((await alice.get('/enroll')).page.kind, 'start')
  t.equal((await alice.post('/enroll', { action: 'verify', code: '123456' })).location, '/totp/enroll?problem=ended')
})

t.test('too many enrollments have to wait', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  for (let count = 0; count < 5; count++) await begin(alice)
  const answer = await alice.post('/enroll', { action: 'begin' })
  t.equal(answer.location, `/totp/enroll?problem=wait&until=${now() + 600}`)
  await alice.post('/enroll', { action: 'cancel' })
  t.match((await alice.follow(answer)).page, { kind: 'start', problem: { is: 'wait', seconds: 600 } })
  wait(598)
  t.match((await alice.follow(answer)).page, { problem: { is: 'wait', seconds: 2 } }, 'a reload shows the seconds that are left')
  wait(2)
  t.match((await alice.follow(answer)).page, { problem: null })
})

t.test('a lock of the codes that a further app takes leads to the challenge, which shows it', async t => {
  const { login, wait, now } = desk({ totp: { attempts: { lockAfter: 1 } } })
  const alice = login('alice')
  const app = await alice.enroll()
  await alice.post('/enroll', { action: 'begin', friendlyName: 'Tablet' })
  const { page } = await alice.get('/enroll')
  const tablet = authenticator(page.kind === 'scan' ? page.secret : '')
  wait(301)
  await login('alice').post('/challenge', { code: app.wrongCode(now()) })
  const answer = await alice.post('/enroll', { action: 'verify', code: tablet.code(now()) })
  t.match(answer, { status: 303, location: /^\/totp\/challenge\?return=/ })
  t.match((await alice.follow(answer)).page, { kind: 'challenge', state: { is: 'locked' } })
})

t.test('a URI of a provider that can\'t be decoded is shown as it is', async t => {
  const { login, verifier } = desk()
  const { enroll } = verifier
  for (const [label, shown] of [['%', '%'], ['Acme:50%+1&x', '50%+1&x'], ['Acme%3Aa%C3%A4', 'aä'], ['Acme:%FF', '\ufffd']] as const) {
    verifier.enroll = async (...input) => {
      const enrolled = await enroll(...input)
      return { ...enrolled, uri: enrolled.uri.replace(/totp\/[^?]*/, `totp/${label}`) }
    }
    const alice = login(label)
    await begin(alice)
    t.match((await alice.get('/enroll')).page, { kind: 'scan', label: shown }, label)
  }
})

t.test('a further app takes a fresh approval, and is named', async t => {
  const { login, wait, now } = desk({ totp: { maxFactors: 2 } })
  const alice = login('alice')
  const app = await alice.enroll()
  wait(301)
  const refused = await alice.post('/enroll', { action: 'begin', friendlyName: 'Tablet' })
  t.match(refused, { status: 303, location: /^\/totp\/challenge\?return=\d+\.[\w-]{43}%2Ftotp%2Fenroll$/ })
  const { page, setting } = await alice.follow(refused)
  t.match(page, { kind: 'challenge', state: { is: 'open' } })
  wait(30)
  const form = { code: app.code(now()), return: setting.returnTo ?? '' }
  const back = await alice.post('/challenge', form)
  t.equal(back.location, '/totp/enroll')
  t.match((await alice.follow(back)).page, { kind: 'start', isFirst: false })

  const unfit = await alice.post('/enroll', { action: 'begin', friendlyName: 'a:b' })
  t.match(unfit, { status: 400, page: { kind: 'start', isFirst: false, problem: { is: 'name', typed: 'a:b' } } })
  const begun = await alice.post('/enroll', { action: 'begin', friendlyName: 'Tablet' })
  const tablet = authenticator(secretIn(await alice.follow(begun)))
  t.match((await alice.get('/enroll')).page, { label: 'alice (Tablet)' })
  const verified = await alice.post('/enroll', { action: 'verify', code: tablet.code(now()) })
  t.equal(verified.location, '/totp/?done=verified')
  t.match((await alice.follow(verified)), { page: { apps: { length: 2 }, canAdd: false }, setting: { notice: 'verified' } })

  const full = await alice.post('/enroll', { action: 'begin' })
  t.equal(full.location, '/totp/enroll?problem=limit')
  t.match((await alice.follow(full)).page, { kind: 'start', isFirst: false, problem: { is: 'limit' } })
})

t.test('an approval on the pages during an enrollment keeps the QR code', async t => {
  const { login } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  const secret = await begin(alice)
  const { mark } = alice.session
  const before = alice.copy()
  t.equal((await alice.challenge(app)).location, '/')
  t.not(alice.session.mark, mark)
  t.equal(secretIn(await alice.get('/enroll')), secret)
  t.equal((await before.get('/enroll')).page.kind, 'start', 'the old mark')
})

t.test('a verification after the approval went stale asks for a code first', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  await alice.enroll()
  const app = authenticator(await begin(alice))
  wait(301)
  const answer = await alice.post('/enroll', { action: 'verify', code: app.code(now()) })
  t.match(answer.location, /^\/totp\/challenge\?return=/)
  t.ok(alice.cookies.has(COOKIE))
})

t.test('without recovery codes the first app leads on', async t => {
  const { login, now } = desk({ totp: { recoveryCodes: 0 } })
  const alice = login('alice')
  const app = authenticator(await begin(alice))
  t.equal((await alice.post('/enroll', { action: 'verify', code: app.code(now()) })).location, '/totp/?done=verified')
  t.match(await alice.get('/codes'), { status: 404, page: { kind: 'problem', problem: 'notFound' } })
})

t.test('over plain HTTP the cookie has another name', async t => {
  const { login } = desk({ totp: { pages: { brand: { name: 'Acme' }, insecure: true }, name: 'other' } })
  const alice = login('alice')
  const begun = await alice.post('/enroll', { action: 'begin' })
  t.match(begun.cookies[0], /^other-enrolling=YF[^;]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)
  t.equal((await alice.get('/enroll')).page.kind, 'scan')
})

t.test('a factor that another session took in between has ended, or is verified', async t => {
  const { login, verifier } = desk()
  const alice = login('alice')
  await begin(alice)
  verifier.verify = async () => {
    await begin(login('alice'))
    throw new FactorNotFoundError()
  }
  t.equal((await alice.post('/enroll', { action: 'verify', code: '123456' })).location, '/totp/enroll?problem=ended')
})

t.test('what a provider refuses ends the enrollment, or is told', async t => {
  const { login, verifier } = desk()
  const refusals = [
    [new EnrollmentEndedError(), { location: '/totp/enroll?problem=ended' }, false],
    [new FactorLimitError(), { location: '/totp/enroll?problem=limit' }, false],
    [new LockedError(60), { status: 429, page: { kind: 'problem', problem: 'busy' } }, true],
    [new ProviderError(new Error('down')), { status: 503, page: { kind: 'problem', problem: 'unavailable' } }, true]
  ] as const
  for (const [error, answer, isKept] of refusals) {
    const alice = login(error.name)
    await begin(alice)
    verifier.verify = async () => { throw error }
    t.match(await alice.post('/enroll', { action: 'verify', code: '123456' }), answer, error.name)
    t.equal(alice.cookies.has(COOKIE), isKept, error.name)
  }
})

t.test('a browser without any cookie begins', async t => {
  const { login } = desk()
  const alice = login('alice')
  await begin(alice)
  t.equal((await alice.get('/enroll', { cookie: undefined })).page.kind, 'start')
})
