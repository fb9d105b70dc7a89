import t from 'tap'
import { authenticator } from '../authenticator.js'
import { isOnFastify, site, type Site, type SiteOptions } from '../site.js'
import type { Visitor } from '../visitor.js'

const PAGES = { brand: { name: 'Acme' } }
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

async function house (t: Parameters<typeof site>[0], totp: SiteOptions['totp'] = {}, options: SiteOptions = {}): Promise<Site> {
  return await site(t, { ...options, totp: { pages: PAGES, ...totp } })
}

async function open (browser: Visitor, url: string) {
  return await browser.request('GET', url, undefined, NAVIGATION)
}

async function submit (browser: Visitor, url: string, fields: Record<string, string>, headers = {}) {
  return await browser.request('POST', url, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
}

/** The value of a hidden field. */
function hidden (html: string, name: string): string {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
}

function secretIn (html: string): string {
  return /[?&;]secret=([A-Z2-7]+)/.exec(html)?.[1] ?? ''
}

t.test('a user is led from a guarded page to the enrollment, and back', async t => {
  const { login, now, wait } = await house(t)
  const alice = await login('alice')
  const refused = await open(alice, '/vault')
  t.equal(refused.status, 303)
  const start = await open(alice, String(refused.headers['location']))
  t.match(start, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } })
  const back = hidden(start.text, 'return')
  t.match(back, /\/vault$/)

  const begun = await submit(alice, '/totp/enroll', { action: 'begin', return: back })
  t.match(begun, { status: 303, text: '' })
  const scan = await open(alice, String(begun.headers['location']))
  const app = authenticator(secretIn(scan.text))
  t.equal(hidden(scan.text, 'return'), back)
  const verified = await submit(alice, '/totp/enroll', { action: 'verify', code: app.code(now()), return: back })
  t.equal(verified.status, 200)
  t.match(verified.text, /([A-Z2-7]{4}-){5}[A-Z2-7]{4}/)
  t.match(await open(alice, '/vault'), { status: 200 })

  const bob = await login('alice')
  const again = await open(bob, '/vault')
  t.match(again, { status: 303, headers: { location: /^\/totp\/challenge\?return=/ } })
  const form = await open(bob, String(again.headers['location']))
  wait(30)
  const answered = await submit(bob, '/totp/challenge', { code: app.code(now()), return: hidden(form.text, 'return') })
  t.match(answered, { status: 303, headers: { location: '/vault' } })
  t.match(await open(bob, '/vault'), { status: 200 })
})

t.test('pages and endpoints share their path, and other paths are the host\'s', async t => {
  const { login, app } = await house(t)
  const alice = await login('alice')
  for (const url of ['/totp', '/totp/', '/totp?x=1', '/totp/enroll', '/totp/recover']) {
    t.match(await open(alice, url), { status: 200, text: /^<!doctype html>/ }, url)
  }
  t.match(await alice.get('/totp/factors'), { status: 200, text: /^{/ })
  for (const url of ['/totp/nothing', '/totp/enroll/', '/totpx', '/totp/enroll/more', '/enroll']) {
    t.match(await open(alice, url), { status: 404 }, url)
  }
  for (const method of ['PUT', 'DELETE', 'PATCH'] as const) {
    t.equal((await alice.request(method, '/totp/enroll')).status, 404, method)
  }
  const head = await app.inject({ method: 'HEAD', url: '/totp/enroll', headers: { cookie: alice.cookieHeader() } })
  t.match(head, { statusCode: 200, payload: '', headers: { 'content-type': 'text/html; charset=utf-8' } })
})

t.test('style and script are served, and kept by browsers', async t => {
  const { login, visitor } = await house(t)
  const { text } = await open(await login('alice'), '/totp/')
  const files = [...text.matchAll(/(?:href|src)="(\/totp\/pages-[^"]+)"/g)].map(([, path = '']) => path)
  t.equal(files.length, 2)
  for (const file of files) {
    t.match(await visitor().get(file), { status: 200, headers: { 'cache-control': 'private, max-age=31536000, immutable' } })
    t.equal((await visitor().post(file)).status, 404)
  }
})

t.test('a form that can\'t be read is told in HTML', async t => {
  const { login } = await house(t)
  const alice = await login('alice')
  const code = 'x'.repeat(5000)
  t.match(await submit(alice, '/totp/recover', { code }), { status: 413, text: /^<!doctype html>/ })
  t.match(await submit(alice, '/totp/recover', { code: 'x'.repeat(4000) }), { status: 303 })
  const other = async (type: string) => await submit(alice, '/totp/recover', { code: '1' }, { 'content-type': type })
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencodedx']) {
    t.match(await other(type), { status: 415, text: /^<!doctype html>/ }, type)
  }
  t.match(await other('Application/X-WWW-Form-Urlencoded; charset=UTF-8'), { status: 303 })
  t.match(await submit(alice, '/totp/recover', { code: '1' }, { 'content-encoding': 'gzip' }), { status: 415 })
  t.match(await submit(alice, '/totp/recover', { code: '1', more: '2' }), { status: 400, text: /^<!doctype html>/ })
  t.match(await alice.request('POST', '/totp/recover', undefined, FORM), { status: 303 }, 'no body at all')
  t.match(await alice.request('POST', '/totp/recover', undefined, { 'sec-fetch-site': 'same-origin' }), { status: 415 }, 'no type')
})

t.test('what the server varies its answers by is kept', async t => {
  const { login } = await house(t, {}, isOnFastify()
    ? { host: app => { app.addHook('onRequest', async (_request, reply) => { reply.header('vary', 'Origin') }) } }
    : { front: web => web.use((_request, response, next) => { response.setHeader('vary', 'Origin'); next() }) })
  t.match((await open(await login('alice'), '/totp/')).headers, { vary: 'Origin, Accept-Language' })
})

t.test('the cookie of an enrollment goes beside that of the session', async t => {
  const { login } = await house(t, { remember: { for: 60 } })
  const alice = await login('alice')
  await submit(alice, '/totp/enroll', { action: 'begin' })
  t.ok(alice.cookies.has('__Host-totp-enrolling'))
  t.match(await open(alice, '/totp/enroll'), { text: /otpauth:/ })
})

t.test('an unknown user gets a page, and a form of another site none', async t => {
  const { visitor, login } = await house(t)
  t.match(await open(visitor(), '/totp/'), { status: 401, text: /^<!doctype html>/ })
  const alice = await login('alice')
  t.match(await submit(alice, '/totp/recover', {}, { 'sec-fetch-site': 'cross-site' }), { status: 403, text: /^<!doctype html>/ })
  const bare = { 'content-type': FORM['content-type'] }
  t.match(await alice.request('POST', '/totp/recover', 'code=1', bare), { status: 403, text: /^<!doctype html>/ })
})

t.test('browsers may know the pages by a longer path', async t => {
  const { login } = await house(t, { pages: { ...PAGES, at: '/app/totp' } })
  const alice = await login('alice')
  t.match(await submit(alice, '/totp/recover', { code: '1' }), { headers: { location: '/app/totp/recover?problem=malformed' } })
  t.match((await open(alice, '/totp/')).text, /href="\/app\/totp\/enroll"/)
})
