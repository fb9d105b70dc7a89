import t from 'tap'
import { isCrossSite, refusalOfSite, type Headers } from '../../src/http/cross-site.js'
import { site } from '../site.js'

const TRUSTED = ['https://app.example', 'http://localhost:5173']
const OWN = { host: 'totp.example' }

const ADMITTED: Array<[what: string, headers: Headers]> = [
  ['nothing said, as by a program', OWN],
  ['sec-fetch-site same-origin', { ...OWN, 'sec-fetch-site': 'same-origin' }],
  ['sec-fetch-site none, as when somebody types the address', { ...OWN, 'sec-fetch-site': 'none' }],
  ['the origin is the host', { ...OWN, origin: 'https://totp.example' }],
  ['the origin is the host, over http', { ...OWN, origin: 'http://totp.example' }],
  ['the origin is the host, which names the port of its scheme', { host: 'totp.example:443', origin: 'https://totp.example' }],
  ['the origin is the host, port and all', { host: 'totp.example:8443', origin: 'https://totp.example:8443' }],
  ['the host in another case', { host: 'TOTP.example', origin: 'https://totp.example' }],
  ['an IPv6 host', { host: '[::1]:3000', origin: 'http://[::1]:3000' }],
  ['the host of HTTP/2', { ':authority': 'totp.example', origin: 'https://totp.example' }],
  ['a trusted origin', { ...OWN, origin: 'https://app.example' }],
  ['a trusted origin that the browser calls cross-site', { ...OWN, origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }],
  ['a trusted origin with a port', { ...OWN, origin: 'http://localhost:5173', 'sec-fetch-site': 'same-site' }]
]

const REFUSED: Array<[what: string, headers: Headers]> = [
  ['sec-fetch-site cross-site', { ...OWN, 'sec-fetch-site': 'cross-site' }],
  ['sec-fetch-site same-site', { ...OWN, 'sec-fetch-site': 'same-site' }],
  ['sec-fetch-site same-site with the own origin', { ...OWN, 'sec-fetch-site': 'same-site', origin: 'https://totp.example' }],
  ['sec-fetch-site of tomorrow', { ...OWN, 'sec-fetch-site': 'same-planet' }],
  ['sec-fetch-site empty', { ...OWN, 'sec-fetch-site': '' }],
  ['sec-fetch-site in another case', { ...OWN, 'sec-fetch-site': 'Same-Origin' }],
  ['sec-fetch-site twice', { ...OWN, 'sec-fetch-site': ['same-origin', 'cross-site'] }],
  ['another origin', { ...OWN, origin: 'https://evil.example' }],
  ['the origin null', { ...OWN, origin: 'null' }],
  ['the origin null, which the host calls itself too', { host: 'null', origin: 'null' }],
  ['an empty origin', { ...OWN, origin: '' }],
  ['a subdomain', { ...OWN, origin: 'https://www.totp.example' }],
  ['the parent domain', { ...OWN, origin: 'https://example' }],
  ['a longer name that begins alike', { ...OWN, origin: 'https://totp.example.evil.example' }],
  ['the own name as user information', { ...OWN, origin: 'https://totp.example@evil.example' }],
  ['another port', { ...OWN, origin: 'https://totp.example:8443' }],
  ['the port of the other scheme', { host: 'totp.example:443', origin: 'http://totp.example' }],
  ['another scheme', { ...OWN, origin: 'ftp://totp.example' }],
  ['an extension', { ...OWN, origin: 'chrome-extension://totp.example' }],
  ['no URL', { ...OWN, origin: 'totp.example' }],
  ['two origins', { ...OWN, origin: ['https://totp.example', 'https://evil.example'] }],
  ['no host', { origin: 'https://totp.example' }],
  ['a host that is no host', { host: 'a b', origin: 'https://totp.example' }],
  ['a trusted origin in another case', { ...OWN, origin: 'https://APP.example' }],
  ['a trusted origin with a path', { ...OWN, origin: 'https://app.example/' }],
  ['x-forwarded-host', { ...OWN, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }],
  ['forwarded', { ...OWN, origin: 'https://evil.example', forwarded: 'host=evil.example' }]
]

t.test('requests of this site, of trusted ones and of programs are admitted', async t => {
  for (const [what, headers] of ADMITTED) t.equal(isCrossSite('POST', headers, TRUSTED), false, what)
})

t.test('requests of all other sites are refused, and so are doubtful ones', async t => {
  for (const [what, headers] of REFUSED) {
    for (const method of ['POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'get']) {
      t.equal(isCrossSite(method, headers, TRUSTED), true, `${what}, ${method}`)
    }
  }
})

t.test('reading is admitted from everywhere', async t => {
  for (const [what, headers] of REFUSED) {
    t.equal(isCrossSite('GET', headers, TRUSTED), false, what)
    t.equal(isCrossSite('HEAD', headers, TRUSTED), false, what)
  }
})

t.test('a refusal names the compared hosts in the log, and not to the client', async t => {
  const told = (headers: Headers, host?: string) => {
    const refusal = refusalOfSite({ method: 'POST', headers, ...host !== undefined && { host } }, TRUSTED)
    return refusal?.cause instanceof Error ? refusal.cause.message : refusal
  }
  t.match(told({ origin: 'https://evil.example' }, 'totp.example'),
    /^origin https:\/\/evil\.example, sec-fetch-site none, host totp\.example\./)
  t.match(told({ 'sec-fetch-site': 'cross-site' }), /^origin none, sec-fetch-site cross-site, host none\./)
  t.equal(told({}), null)
  t.equal(told({ origin: 'https://totp.example', host: '10.0.0.7' }, 'totp.example'), null, 'the resolved host counts')
})

t.test('over HTTP, a page of another site can neither enroll, judge, rename, remove nor withdraw', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const factor = await alice.enrollVerified(now())
  wait(30)
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const refused = { status: 403, code: 'ERR_TOTP_CROSS_SITE', headers: { 'cache-control': 'no-store' } }
  const code = factor.code(now())
  t.match(await alice.request('POST', '/totp/factors', {}, evil), refused)
  t.match(await alice.request('POST', `/totp/factors/${factor.sid}/verify`, { code }, evil), refused)
  t.match(await alice.request('POST', '/totp/challenges', { code }, evil), refused)
  t.match(await alice.request('PATCH', `/totp/factors/${factor.sid}`, { friendlyName: 'x' }, evil), refused)
  t.match(await alice.request('DELETE', `/totp/factors/${factor.sid}`, undefined, evil), refused)
  t.match(await alice.request('DELETE', '/totp/approval', undefined, evil), refused)
  t.match(await alice.request('GET', '/totp/factors', undefined, evil), { status: 200 })
  t.match(await alice.vault(), { status: 200 }, 'the approval is still there')
  t.match(await alice.challenge(code), { status: 200 }, 'the code is not burnt')
})

t.test('over HTTP, pages of this site and of trusted origins are served', async t => {
  const { login } = await site(t, { totp: { trustedOrigins: ['https://app.example'] } })
  const alice = await login('alice')
  for (const headers of [
    { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://totp.example', host: 'totp.example' },
    { 'sec-fetch-site': 'same-origin' }
  ]) {
    t.match(await alice.request('POST', '/totp/factors', {}, headers), { status: 201 })
  }
  t.match(await alice.request('POST', '/totp/factors', {}, { origin: 'https://app.example.evil.example' }),
    { status: 403, code: 'ERR_TOTP_CROSS_SITE' })
  t.match(await alice.request('POST', '/totp/factors', {}, { origin: 'null' }),
    { status: 403, code: 'ERR_TOTP_CROSS_SITE' })
})

t.test('apps and extensions are served where their origin is trusted, and nowhere else', async t => {
  const trustedOrigins = ['capacitor://localhost', 'tauri://localhost', 'chrome-extension://abcdefghijklmnop']
  const { login } = await site(t, { totp: { trustedOrigins } })
  const alice = await login('alice')
  for (const origin of trustedOrigins) {
    const headers = { origin, 'sec-fetch-site': 'cross-site' }
    t.match(await alice.request('POST', '/totp/factors', {}, headers), { status: 201 }, origin)
  }
  for (const origin of ['capacitor://localhost.evil', 'ionic://localhost', 'chrome-extension://ponmlkjihgfedcba', 'null']) {
    for (const headers of [{ origin }, { origin, host: 'localhost' }, { origin, 'sec-fetch-site': 'cross-site' }]) {
      t.match(await alice.request('POST', '/totp/factors', {}, headers), { status: 403, code: 'ERR_TOTP_CROSS_SITE' }, origin)
    }
  }
})
