import { Readable } from 'node:stream'
import auth from '@fastify/auth'
import t, { type Test } from 'tap'
import { NotEnrolledError, StoreError } from '../../src/errors.js'
import { leaderTo } from '../../src/http/navigation.js'
import { returnPathsUnder } from '../../src/http/return-path.js'
import { isOnFastify, KEY, site, START, type SiteOptions } from '../site.js'
import type { Visitor } from '../visitor.js'

const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
const OF_OLD_BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const PAGES = { brand: { name: 'Acme' } }

async function siteWithPages (t: Test, { totp, ...options }: SiteOptions = {}) {
  return await site(t, {
    ...options,
    totp: { pages: PAGES, attempts: { disableAfter: 10 }, ...totp },
    routes: async app => {
      app.get('/recent', { preHandler: app.totp.required({ maxAge: 60 }) }, async () => ({}))
      app.get('/recovered', { preHandler: app.totp.required({ methods: ['recovery'] }) }, async () => ({}))
      app.post('/form', { preHandler: app.totp.required() }, async () => ({}))
      app.get('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async () => ({}))
      await options.routes?.(app)
    }
  })
}

async function navigate (who: Visitor, url: string, headers: Record<string, string> = NAVIGATION) {
  const { status, headers: { location = null, vary, 'cache-control': cache }, text } = await who.request('GET', url, undefined, headers)
  const { pathname, searchParams } = new URL(String(location), 'http://own.example')
  return { status, location, page: location === null ? null : pathname, back: searchParams.get('return'), vary, cache, text }
}

t.test('a guard leads a browser to the page that the user needs, and signs the way back', async t => {
  const { login, now, wait } = await siteWithPages(t)
  const alice = await login('alice')
  const read = (text: string | null) => returnPathsUnder([KEY]).read(text, 'alice')

  const first = await navigate(alice, '/vault?page=2&x=%C3%A4')
  t.match(first, { status: 303, page: '/totp/enroll', cache: 'no-store', text: '' })
  t.match(first.vary, /Accept, Authorization, Cookie, Sec-Fetch-Dest, Sec-Fetch-Mode/)
  t.same(read(first.back), { path: '/vault?page=2&x=%C3%A4', refusedAt: START })

  const phone = await alice.enrollVerified(now())
  wait(90)
  t.match(await navigate(alice, '/vault'), { status: 200 })
  const stale = await navigate(alice, '/recent')
  t.match(stale, { status: 303, page: '/totp/challenge' })
  t.same(read(stale.back), { path: '/recent', refusedAt: START + 90 })
  t.match(await navigate(alice, '/recovered'), { status: 303, page: '/totp/recover' }, 'a code of an app would not help')

  const again = await login('alice')
  for (let n = 0; n < 5; n++) await again.challenge(phone.wrongCode(now()))
  t.match(await navigate(again, '/vault'), { status: 303, page: '/totp/challenge' }, 'locked')
  wait(3600)
  for (let n = 0; n < 5; n++) {
    await again.challenge(phone.wrongCode(now()))
    wait(3600)
  }
  t.match(await again.vault(), { code: 'ERR_TOTP_DISABLED' })
  t.match(await navigate(again, '/vault'), { status: 303, page: '/totp/challenge' }, 'disabled')
})

t.test('without its metadata, a navigation is known by what it accepts', async t => {
  const alice = await (await siteWithPages(t)).login('alice')
  for (const accept of ['text/html', 'application/json, TEXT/HTML;q=0.1', OF_OLD_BROWSER.accept]) {
    t.match(await navigate(alice, '/vault', { accept }), { status: 303 }, accept)
  }
  for (const headers of [
    {}, { accept: '*/*' }, { accept: 'application/json' }, { accept: 'text/htmlx' },
    { ...NAVIGATION, 'sec-fetch-mode': 'cors' }, { ...NAVIGATION, 'sec-fetch-dest': 'empty' },
    { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }, { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
    { accept: 'text/html', 'sec-fetch-dest': 'document' }
  ]) t.match(await navigate(alice, '/vault', headers), { status: 403, location: null, text: /ERR_TOTP_NOT_ENROLLED/ }, JSON.stringify(headers))
})

t.test('requests that no page helps are refused as before', async t => {
  const { login, visitor } = await siteWithPages(t)
  const alice = await login('alice')
  t.match(await navigate(visitor(), '/vault'), { status: 401, location: null, text: /ERR_TOTP_UNIDENTIFIED/ })
  t.match(await navigate(alice, '/payment'), { status: 403, location: null })
  t.match(await navigate(alice, '/vault', { ...NAVIGATION, authorization: 'Basic abc' }), { status: 403, location: null })
  const head = await alice.request('HEAD', '/vault', undefined, NAVIGATION)
  t.equal(head.headers['location'], undefined)
  const { login: elsewhere } = await site(t)
  t.match(await navigate(await elsewhere('alice'), '/vault'), { status: 403, location: null }, 'without pages')
})

t.test('a user who is gone by then is led nowhere', async t => {
  let asked: number | null = null
  const { login } = await siteWithPages(t, {
    totp: {
      identify: request => {
        if (asked !== null) asked++
        return asked === 2 ? undefined : request.session.userId
      }
    }
  })
  const alice = await login('alice')
  asked = 0
  t.match(await navigate(alice, '/vault'), { status: 403, location: null, text: /ERR_TOTP_NOT_ENROLLED/ })
  t.equal(asked, 2)
  asked = 2
  t.match(await navigate(alice, '/vault'), { status: 303, page: '/totp/enroll' })
})

t.test('a refusal that no page mends asks for the user once', async t => {
  let asked = 0
  const { login } = await siteWithPages(t, {
    totp: { identify: request => { asked++; return request.session.userId } }
  })
  const alice = await login('alice')
  asked = 0
  t.match(await navigate(alice, '/vault', { accept: 'application/json' }), { status: 403 })
  t.equal(asked, 1)
})

t.test('a form that was refused is not sent again: its user is led to the page, without a way back', async t => {
  const { login } = await siteWithPages(t)
  const { status, headers } = await (await login('alice')).request('POST', '/form', {}, NAVIGATION)
  t.same([status, headers.location], [303, '/totp/enroll'])
})

t.test('a path that no page may go back to is left out', async t => {
  const { login } = await siteWithPages(t)
  const alice = await login('alice')
  t.match(await navigate(alice, `/vault?${'x'.repeat(3100)}`), { status: 303, location: '/totp/enroll' })
})

t.test('pages that browsers see at another path than the server', async t => {
  const { login } = await siteWithPages(t, {
    totp: { pages: { ...PAGES, at: '/outer/app/totp' } },
    routes: app => { app.get('/outer/app/vault', { preHandler: app.totp.required() }, async () => ({})) }
  })
  const alice = await login('alice')
  // A mounted app is told the whole path; behind a proxy, no path of a server has the front.
  const same = isOnFastify() ? '/outer/app/outer/app/vault' : '/outer/app/vault'
  for (const [url, path] of [['/vault', '/outer/app/vault'], ['/outer/app/vault', same]] as const) {
    const led = await navigate(alice, url)
    t.equal(led.page, '/outer/app/totp/enroll')
    t.match(returnPathsUnder([KEY]).read(led.back, 'alice'), { path })
  }
  const { login: loginElsewhere } = await siteWithPages(t, { totp: { pages: { ...PAGES, at: '/account' } } })
  const led = await navigate(await loginElsewhere('alice'), '/vault')
  t.equal(led.page, '/account/enroll')
  t.match(returnPathsUnder([KEY]).read(led.back, 'alice'), { path: '/vault' }, 'nothing is known to be taken away')
})

t.test('the page that an app is mounted at is one of its own', async t => {
  const returnPaths = returnPathsUnder([KEY])
  const { lead } = leaderTo({ path: '/totp', at: '/shop/totp', mayBeMounted: true }, returnPaths, () => START)
  const refusal = { error: new NotEnrolledError(), methods: ['totp'] as const }
  const backFrom = (url: string) => {
    const location = lead({ method: 'GET', headers: NAVIGATION, url }, refusal)?.('alice') ?? ''
    return returnPaths.read(new URL(location, 'http://localhost').searchParams.get('return'), 'alice')?.path
  }
  for (const url of ['/shop', '/shop?x=1', '/shop/', '/shop/x']) t.equal(backFrom(url), url)
  t.equal(backFrom('/shopping'), '/shop/shopping')
})

t.test('a guard in front of the pages leads nowhere, or it would lead in a circle', async t => {
  const { lead } = leaderTo({ path: '/totp', at: '/app/totp', mayBeMounted: true }, returnPathsUnder([KEY]), () => START)
  const refusal = { error: new NotEnrolledError(), methods: ['totp'] as const }
  const led = (url: string) => lead({ method: 'GET', headers: NAVIGATION, url }, refusal) !== null
  for (const url of ['/totp', '/totp/', '/totp?a=b', '/totp/enroll', '/app/totp', '/app/totp/enroll']) t.notOk(led(url), url)
  const broken = { error: new StoreError(new Error('gone')), methods: ['totp'] as const }
  t.equal(lead({ method: 'GET', headers: NAVIGATION, url: '/vault' }, broken), null, 'no page mends it')
  for (const url of ['/', '/totpx', '/a/totp', '/vault?totp']) t.ok(led(url), url)
})

t.test('the answer says that it differs with more than the host says', async t => {
  const { login } = await siteWithPages(t, isOnFastify()
    ? { host: app => { app.addHook('onRequest', async (_request, reply) => { reply.header('vary', 'Origin') }) } }
    : { front: web => { web.use((_request, response, next) => { response.setHeader('vary', 'Origin'); next() }) } })
  t.match((await navigate(await login('alice'), '/vault')).vary, /^Origin, Accept, /)
})

const ofFastify = async (t: Test) => {
  const streamed = Readable.from(['<p>no</p>'])
  const { login } = await siteWithPages(t, {
    routes: async app => {
      await app.register(auth)
      await app.after()
      const pass = async () => {}
      const never = async () => { throw new Error('not this way') }
      const either = app.auth([app.totp.required(), pass], { relation: 'or' })
      app.get('/either', { preHandler: either }, async () => ({ passed: true }))
      app.get('/failing', { preHandler: either }, async () => { throw new Error('failed') })
      app.get('/neither', { preHandler: app.auth([never, app.totp.required()], { relation: 'or' }) }, async () => ({}))
      await app.register(async scope => {
        scope.setErrorHandler(async (_error, _request, reply) => await reply.code(403).type('text/html').send('<p>no</p>'))
        scope.get('/handled', { preHandler: app.totp.required() }, async () => ({}))
      })
      await app.register(async scope => {
        scope.setErrorHandler(async (_error, _request, reply) => await reply.code(403).header('etag', '"a"').send(streamed))
        scope.get('/streamed', { preHandler: app.totp.required() }, async () => ({}))
      })
      await app.register(async scope => {
        scope.setErrorHandler(async (_error, _request, reply) => await reply.code(200).send('a page of the host'))
        scope.get('/shown', { preHandler: app.totp.required() }, async () => ({}))
      })
    }
  })
  const alice = await login('alice')
  t.match(await navigate(alice, '/streamed'), { status: 303, page: '/totp/enroll', text: '' })
  t.ok(streamed.destroyed, 'the page of the host is not read')
  t.equal((await alice.request('GET', '/streamed', undefined, NAVIGATION)).headers['etag'], undefined)
  t.match(await navigate(alice, '/either'), { status: 200, text: '{"passed":true}' })
  t.match(await navigate(alice, '/failing'), { status: 500, location: null })
  t.match(await navigate(alice, '/neither'), { status: 303, page: '/totp/enroll', text: '' })
  t.match(await navigate(alice, '/handled'), { status: 303, page: '/totp/enroll', text: '' })
  t.match(await navigate(alice, '/shown'), { status: 200, location: null, text: 'a page of the host' })
}

if (isOnFastify()) t.test('on Fastify only the refusal that is answered leads', ofFastify)
