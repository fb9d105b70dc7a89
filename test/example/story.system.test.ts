import t from 'tap'
import { scanned } from './camera.js'
import { dataFolder, startExample } from './example-server.js'
import { lacking, output } from './programs.js'

const skip = lacking('zbarimg', 'oathtool', 'rsvg-convert')

function codeOf (secret: string, at: number): string {
  return output('oathtool', ['--totp', '-b', '--now', `@${at}`, secret])
}

const dataDir = await dataFolder(t)
const server = await startExample(t, { dataDir })

for (const qr of ['png', 'svg'] as const) {
  t.test(`a phone that scans the ${qr} opens the vault, now and after the next login`, { skip }, async t => {
    const alice = server.guest()
    t.match(await alice.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
    t.match(await alice.login(`alice ${qr}`), { status: 200 })
    t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })

    const { sid, ...binding } = await alice.enroll(qr)
    const uri = await scanned(dataDir, binding.qr)
    t.equal(uri.href, binding.uri)
    t.equal(decodeURIComponent(uri.pathname), `/Gold Vault:alice ${qr}`)
    const secret = uri.searchParams.get('secret') ?? ''
    const first = codeOf(secret, server.now())
    t.match(await alice.request('POST', `/totp/factors/${sid}/verify`, { code: first }), { status: 200 })
    t.same((await alice.vault()).json(), { vault: 'gold', identity: `alice ${qr}` })

    t.match(await alice.logout(), { status: 204 })
    t.match(await alice.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
    await alice.login(`alice ${qr}`)
    t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
    t.match(await alice.challenge(first), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }, 'the code that verified the factor is spent')
    t.match(await alice.challenge(codeOf(secret, server.now() + 30)), { status: 200 })
    t.match(await alice.vault(), { status: 200 })
  })
}

t.test('the routes of the example answer what they promise', async t => {
  const visitor = server.guest()

  await t.test('without a session', async t => {
    t.match(await visitor.request('GET', '/healthz'), { status: 200 })
    t.match(await visitor.logout(), { status: 204 })
    for (const [method, path] of [['GET', '/vault'], ['POST', '/transfer'], ['POST', '/payment'], ['GET', '/admin/report']] as const) {
      t.match(await visitor.request(method, path), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }, path)
    }
    t.match(await visitor.login('visitor'), { status: 200 })
    t.match(await server.guest().request('POST', '/login', { username: 'a', password: 'wrong' }), { status: 401 })
  })

  await t.test('invalid names are refused, and every other name is an identity as it is', async t => {
    const login = async (body: unknown) => (await server.guest().request('POST', '/login', body)).status
    for (const username of ['', 'x'.repeat(65), 5, null, ['a'], 'a\0', '\ud800', undefined]) {
      t.equal(await login({ username, password: 'demo' }), 400, JSON.stringify(username))
    }
    t.equal(await login({ username: 'a', password: 'demo', admin: true }), 400)
    t.equal(await login({ username: 'a', password: ['demo'] }), 400)
    const names = ['__proto__', 'a:b', 'constructor', ' alice ', 'é', 'e\u0301', '😀'.repeat(64), 'a\nb', '"\'\\']
    for (const name of names) {
      const visitor = await server.login(name)
      t.match(await visitor.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }, JSON.stringify(name))
      await visitor.enrollVerified(server.now())
      t.equal((await visitor.vault()).json().identity, name)
    }
  })

  await t.test('a payment takes a code of its own', async t => {
    const payer = await server.login('payer')
    const factor = await payer.enrollVerified(server.now())
    const pay = async (headers = {}) => await payer.request('POST', '/payment', undefined, headers)
    t.match(await pay(), { status: 403, code: 'ERR_TOTP_CODE_REQUIRED' })
    t.match(await pay({ 'totp-code': 'letters' }), { status: 400, code: 'FST_ERR_VALIDATION' })
    const headers = { 'totp-code': factor.code(server.now() + 30) }
    t.same((await pay(headers)).json(), { payment: 'sent' })
    t.match(await pay(headers), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  })

  await t.test('an approval opens the vault, the transfer and the report, and the next login needs its own', async t => {
    const alice = await server.login('alice')
    const factor = await alice.enrollVerified(server.now())
    t.match((await alice.request('POST', '/transfer')).json(), { transfer: 'sent' })
    t.match(await alice.request('GET', '/admin/report'), { status: 200 })
    const before = alice.copy()
    t.match(await alice.login('alice'), { status: 200 })
    t.not(alice.cookies.get('sessionId'), before.cookies.get('sessionId'), 'a login creates a new session')
    t.match(await before.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
    t.match(await alice.request('GET', '/admin/report'), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
    t.match(await alice.challenge(factor.code(server.now() + 30)), { status: 200 })
    t.match(await alice.request('GET', '/admin/report'), { status: 200 })
    t.match(await alice.request('DELETE', '/totp/approval'), { status: 204 })
    t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  })

  await t.test('pages of other origins can\'t log in, log out or send gold', async t => {
    const bob = await server.login('bob')
    for (const path of ['/login', '/logout', '/transfer']) {
      for (const site of ['cross-site', 'same-site']) {
        t.match(await bob.request('POST', path, undefined, { 'sec-fetch-site': site }), { status: 403 }, `${path} ${site}`)
      }
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      t.match(await bob.request('POST', path, { username: 'bob', password: 'demo' }, form), { status: 415 }, path)
    }
    t.match(await bob.vault(), { status: 403 }, 'bob is still logged in')
  })

  await t.test('the cookie is sent only by pages of the server, and scripts can\'t read it', async t => {
    const { headers } = await server.guest().login('carol')
    const [cookie = ''] = headers.getSetCookie().filter(line => line.startsWith('sessionId='))
    t.match(cookie, /; HttpOnly/i)
    t.match(cookie, /; SameSite=Strict/i)
  })

  await t.test('the description of the API has every route of the plugin with every status', async t => {
    const { paths } = (await visitor.request('GET', '/openapi.json')).json()
    const described = (path: string, method: string) => Object.keys(paths[path][method].responses).sort().join(' ')
    t.equal(described('/totp/factors', 'get'), '200 400 401 403 413 415 500 503')
    t.equal(described('/totp/factors', 'post'), '201 400 401 403 409 413 415 429 500 503')
    t.equal(described('/totp/factors/{sid}/verify', 'post'), '200 400 401 403 404 409 413 415 429 500 503')
    t.equal(described('/totp/factors/{sid}', 'patch'), '200 400 401 403 404 413 415 429 500 503')
    t.equal(described('/totp/factors/{sid}', 'delete'), '200 204 400 401 403 404 413 415 429 500 503')
    t.equal(described('/totp/challenges', 'post'), '200 400 401 403 404 413 415 429 500 503')
    t.equal(described('/totp/approval', 'delete'), '200 204 400 401 403 413 415 500 503')
    for (const [path, method, statuses] of [
      ['/login', 'post', '200 400 401 403 413 415 503'], ['/logout', 'post', '204 403 415 503'],
      ['/vault', 'get', '200 401 403 429 503'], ['/transfer', 'post', '200 401 403 429 503'],
      ['/payment', 'post', '200 400 401 403 404 429 503'],
      ['/admin/report', 'get', '200 401 403 429 503'], ['/healthz', 'get', '200']
    ] as const) t.equal(described(path, method), statuses, path)
  })

  await t.test('a page can run only its own script and style', async t => {
    for (const [path, type] of [['/', 'text/html'], ['/home.js', 'text/javascript'], ['/home.css', 'text/css']]) {
      const { status, headers } = await visitor.request('GET', path ?? '')
      t.equal(status, 200)
      t.equal(headers.get('content-type'), `${type}; charset=utf-8`)
      t.match(headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self';/)
      t.notMatch(headers.get('content-security-policy'), /unsafe/)
      t.equal(headers.get('referrer-policy'), 'same-origin')
      t.equal(headers.get('x-content-type-options'), 'nosniff')
    }
    t.match(await visitor.request('GET', '/../package.json'), { status: 404 })
    const html = await (await server.login('<b>"&')).request('GET', '/')
    t.match(html.text, '<h1>Hello, &#60;b&#62;&#34;&#38;</h1>')
  })
})

t.end()
