import t from 'tap'
import { en } from '../../src/pages.js'
import { desk } from './desk.js'

const PATHS = ['/', '/enroll', '/challenge', '/recover', '/codes', '/codes/check', '/remembered']
const REMEMBER = { remember: { for: 86_400 } }

t.test('without a user there is a page that says so, and nothing else', async t => {
  const { login, store, logged } = desk({ totp: REMEMBER })
  for (const user of [undefined, null, '']) {
    for (const path of PATHS) {
      for (const answer of [await login(user).get(path), await login(user).post(path)]) {
        t.match(answer, { status: 401, page: { kind: 'problem', problem: 'loggedOut' } })
        t.strictSame(answer.setting, { account: null, notice: null, returnTo: null })
        t.strictSame(answer.cookies, [])
      }
    }
  }
  t.strictSame([store.writes, logged], [0, []])
})

t.test('an identity that can\'t be used is a fault, which the log is told of', async t => {
  const { login, logged } = desk()
  t.match(await login(42).get('/'), { status: 500, page: { kind: 'problem', problem: 'failed' }, setting: { account: null } })
  t.match(logged, [{ error: { code: 'ERR_TOTP_IDENTITY' }, message: 'totp: a page was refused' }])
})

t.test('a form has to say where it comes from, before its user is looked up', async t => {
  let identified = 0
  const { login, store, logged } = desk({ totp: { identify: () => { identified++; return 'alice' } } })
  const alice = login('alice')
  for (const path of PATHS.slice(0, 5)) {
    const answer = await alice.post(path, {}, { 'sec-fetch-site': undefined })
    t.match(answer, { status: 403, page: { kind: 'problem', problem: 'crossSite' }, setting: { account: null } })
  }
  t.equal(identified, 0)
  t.equal(logged.length, 5)
  for (const site of ['cross-site', 'same-site', '']) {
    t.match(await alice.post('/recover', {}, { 'sec-fetch-site': site }), { status: 403, page: { problem: 'crossSite' } })
  }
  const withOrigin = async (origin: string) => await alice.post('/recover', {}, { 'sec-fetch-site': undefined, origin })
  t.match(await withOrigin('https://evil.example'), { status: 403, page: { problem: 'crossSite' } })
  t.match(await withOrigin('null'), { status: 403, page: { problem: 'crossSite' } })
  t.match(await withOrigin('https://acme.example'), { status: 303 })
  t.equal(store.writes, 0)
  t.equal(alice.session.mark === null, false)
})

t.test('a request of no user is no request of another site', async t => {
  const { login } = desk()
  t.match(await login(null).post('/', {}, { 'sec-fetch-site': 'cross-site' }), { status: 401 })
  t.match(await login('alice').post('/', {}, { 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' }), { status: 403 })
})

t.test('a form that doesn\'t fit does nothing', async t => {
  const { login, store, wait, now } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  wait(30)
  const { writes } = store
  const code = `code=${app.code(now())}`
  const wrong = [
    `${code}&${code}`, `${code}&more=1`, `${code}&action=verify`, `${code}&action=__proto__`, `${code}&__proto__=1`,
    `${code}&action=constructor`, `${code}&factorSid=&factorSid=`
  ]
  for (const body of wrong) {
    t.match(await alice.post('/challenge', body), { status: 400, page: { kind: 'problem', problem: 'malformed' }, setting: { account: 'alice' } }, body)
  }
  t.match(await alice.post('/', 'sid=1'), { status: 400 }, 'without an action')
  t.match(await alice.post('/challenge', code, { 'content-type': 'text/plain' }), { status: 415, page: { problem: 'malformed' } })
  t.equal(store.writes, writes)
  t.match(await alice.post('/challenge', code), { status: 303, location: '/' })
})

t.test('no GET writes anything, and HEAD is like GET', async t => {
  const { login, store, wait } = desk({ totp: REMEMBER })
  for (const state of ['stranger', 'new', 'enrolling', 'verified', 'old']) {
    const alice = login('alice')
    if (state === 'enrolling') await alice.post('/enroll', { action: 'begin' })
    if (state === 'verified') await alice.enroll()
    if (state === 'old') wait(1000)
    const { writes } = store
    const { mark } = alice.session
    for (const path of PATHS) {
      for (const query of ['', '?action=remove', '?problem=denied', '?code=123456', '?done=verified']) {
        const got = await alice.get(path + query)
        t.strictSame(got.cookies, [], path)
        const headed = await alice.head(path + query)
        t.strictSame([headed.status, Object.keys(headed.headers)], [got.status, Object.keys(got.headers)])
      }
    }
    t.equal(store.writes, writes, state)
    t.equal(alice.session.mark, mark, state)
  }
})

t.test('a POST gives the session its mark when it begins', async t => {
  const { login } = desk()
  const alice = login('alice')
  await alice.get('/enroll')
  t.equal(alice.session.mark, null)
  await alice.post('/enroll', { action: 'nothing' })
  t.type(alice.session.mark, 'string')
})

t.test('pages have the headers that keep them from caches, frames and scripts', async t => {
  const { login } = desk({ at: '/app/totp' })
  const { headers } = await login('alice').get('/', { 'accept-language': 'fr' })
  t.strictSame(headers, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': 'default-src \'none\'; style-src \'self\'; script-src \'self\'; img-src \'self\' data:; ' +
      'base-uri \'none\'; frame-ancestors \'none\'',
    vary: 'Accept-Language',
    'content-language': 'fr'
  })
  const redirect = await login('alice').get('/challenge')
  t.strictSame(redirect.headers, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    location: '/app/totp/enroll'
  })
})

t.test('a file needs no user, and is kept', async t => {
  const { login } = desk()
  t.match(await login(null).get('/pages-1.css'), {
    status: 200,
    body: 'p{}',
    headers: {
      'cache-control': 'private, max-age=31536000, immutable', 'content-type': 'text/css', 'x-content-type-options': 'nosniff'
    }
  })
})

t.test('only pages of this site make a page tell something, and only what it knows', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  await alice.enroll()
  wait(31)
  const notice = async (path: string, site?: string) =>
    (await alice.get(path, { 'sec-fetch-site': site })).setting.notice
  t.equal(await notice('/?done=verified'), 'verified')
  t.equal(await notice('/?done=verified', 'same-origin'), 'verified')
  for (const site of ['cross-site', 'same-site', 'none', '']) {
    t.equal(await notice('/?done=verified', site), null, site)
    const { page } = await alice.get('/challenge?problem=denied', { 'sec-fetch-site': site })
    t.match(page, { problem: null }, site)
  }
  for (const query of ['done=', 'done=other', 'done=toString', 'done=verified&done=verified', 'done=Verified']) {
    t.equal(await notice(`/?${query}`), null, query)
  }
  const clock = async (query: string) => (await alice.get(`/challenge?problem=clock${query}`)).page
  t.match(await clock('&off=-86400'), { problem: { is: 'clock', off: -86_400 } })
  for (const query of ['', '&off=', '&off=0', '&off=86401', '&off=1.5', '&off=1e3', '&off=<b>', '&off=1&off=1']) {
    t.match(await clock(query), { problem: null }, query)
  }
  const start = async (query: string) => (await login('bob').get(`/enroll?${query}`)).page
  t.match(await start(`problem=wait&until=${now() + 86_400}`), { problem: { is: 'wait', seconds: 86_400 } })
  const others = ['problem=wait', `problem=wait&until=${now()}`, `problem=wait&until=${now() + 86_401}`, 'problem=wait&until=x']
  for (const query of [...others, 'problem=name', 'problem=denied']) {
    t.match(await start(query), { problem: null }, query)
  }
  t.match((await alice.get('/recover?problem=clock&off=30')).page, { problem: null })
})

t.test('a store that fails is told to the log, and the page tells no more than that', async t => {
  const { login, store, logged } = desk()
  const alice = login('alice')
  await alice.enroll()
  store.failure = new Error('password=hunter2 at db.internal')
  const answer = await alice.get('/')
  t.match(answer, { status: 503, page: { kind: 'problem', problem: 'unavailable' }, setting: { account: 'alice' } })
  t.notMatch(answer.body, /hunter2|db\.internal|Error/)
  t.match(logged, [{ error: { code: 'ERR_TOTP_STORE' } }])
  t.notMatch(JSON.stringify(logged.map(({ error }) => String(error.cause))), /hunter2/)
})

t.test('too many requests at once are told to come back', async t => {
  const { login, store } = desk({ totp: { timeout: 1 } })
  const alice = login('alice')
  store.replace = async () => false
  const answer = await alice.post('/enroll', { action: 'begin' })
  t.match(answer, { status: 503, headers: { 'retry-after': '1' }, page: { problem: 'busy' } })
})

t.test('a host\'s function that fails is a fault where the page needs it, and a page without a name elsewhere', async t => {
  const failing = desk({ totp: { friendlyName: () => { throw new Error('secret of the host') } } })
  const alice = failing.login('alice')
  t.match(await alice.get('/enroll'), { status: 200, setting: { account: null } })
  const answer = await alice.post('/enroll', { action: 'begin' })
  t.match(answer, { status: 500, page: { problem: 'failed' } })
  t.notMatch(answer.body, /secret of the host/)
  t.ok(failing.logged.length > 0)
  const named = desk({ totp: { friendlyName: () => 'alice\u202e:x' } })
  t.match(await named.login('alice').get('/enroll'), { setting: { account: 'alice__x' } })
  const invisible = desk({ totp: { friendlyName: () => '\u200b' } })
  t.match(await invisible.login('alice').get('/enroll'), { setting: { account: null } })
})

t.test('a page that can\'t be rendered is an answer all the same', async t => {
  const { login, logged } = desk({ render: () => { throw new Error('words failed') } })
  const answer = await login('alice').get('/')
  t.match(answer, { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' } })
  t.notMatch(answer.body, /words failed/)
  t.match(logged, [{ error: { message: 'words failed' } }])
})

t.test('a fault of the program is told to the log, without secrets', async t => {
  const { login, verifier, logged } = desk()
  verifier.factors = async () => { throw new Error('unexpected at postgres://acme:hunter2@db/acme') }
  t.match(await login('alice').get('/'), { status: 500, page: { problem: 'failed' } })
  t.match(logged, [{ error: { message: /^unexpected/ } }])
  t.notMatch(logged[0]?.error.message, /hunter2/)
})

t.test('the languages of the option are those of the pages', async t => {
  const { login } = desk({ totp: { pages: { brand: { name: 'Acme' }, languages: { tlh: en } } } })
  t.equal((await login('alice').get('/')).status, 200)
})
