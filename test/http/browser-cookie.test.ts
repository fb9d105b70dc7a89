import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { browserCookie } from '../../src/http/browser-cookie.js'

const LIFE = 3600
const { read, headerFor } = browserCookie('totp', { for: LIFE })

function tokens (count: number): string[] {
  return Array.from({ length: count }, () => randomBytes(32).toString('base64url'))
}

function cookieOf (tokens: readonly string[], name = '__Host-totp-browser'): string {
  return `${name}=${tokens.join('.')}`
}

t.test('the cookie is for this host, over HTTPS, and out of reach of scripts', async t => {
  const own = tokens(2)
  t.equal(headerFor(own), `${cookieOf(own)}; Max-Age=${LIFE}; Path=/; HttpOnly; Secure; SameSite=Lax`)
  t.equal(headerFor([]), '__Host-totp-browser=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; ' +
    'Path=/; HttpOnly; Secure; SameSite=Lax')
})

t.test('an instance of another name has another cookie, and over plain HTTP it has no prefix', async t => {
  const own = tokens(1)
  const insecure = browserCookie('admin', { for: LIFE, insecure: true })
  t.equal(insecure.headerFor(own), `admin-browser=${own}; Max-Age=${LIFE}; Path=/; HttpOnly; SameSite=Lax`)
  t.same(insecure.read({ cookie: cookieOf(own, 'admin-browser') }).tokens, own)
  t.same(insecure.read({ cookie: cookieOf(own) }).tokens, [])
  t.same(browserCookie('admin', { for: LIFE }).read({ cookie: cookieOf(own) }).tokens, [])
})

t.test('what was written is read, among other cookies', async t => {
  for (const count of [1, 2, 8]) {
    const own = tokens(count)
    const [line = ''] = headerFor(own).split(';')
    for (const cookie of [line, `a=b; ${line}`, `\u00a0${cookieOf(tokens(1))}; ${line}`, `\t${line}\t`, `${line};a=b`, `x__Host-totp-browser=1;  ${line} ; b=c`]) {
      t.same(read({ cookie }).tokens, own, cookie)
    }
  }
  t.same(read({ cookie: headerFor(tokens(9)).split(';')[0] }).tokens.length, 8, 'no more than eight are written')
})

t.test('a cookie that is malformed, too long or there twice counts as none', async t => {
  const own = tokens(1)
  const CASES = [
    undefined, '', 'a=b', '__Host-totp-browser', cookieOf([]), cookieOf([...own, '']), cookieOf(['x']),
    cookieOf([`${own}x`]), cookieOf([`${String(own).slice(1)}%`]), cookieOf(tokens(9)), `"${cookieOf(own)}"`,
    `__Host-totp-browser="${own}"`, `${cookieOf(own)}; ${cookieOf(own)}`,
    `${cookieOf(own)}; ${cookieOf(tokens(1))}`,
    // Node.js reads headers as Latin-1, and to browsers these are other names, without the prefix.
    `\u00a0${cookieOf(own)}`, `a=b;\u00a0${cookieOf(own)}`, `${cookieOf(own)}\u00a0`, `\u000b${cookieOf(own)}`,
    `__Host-totp-browser=${'A'.repeat(8000)}`, cookieOf(own).toLowerCase(), `x${cookieOf(own)}`
  ]
  for (const cookie of CASES) t.same(read({ cookie }).tokens, [], String(cookie).slice(0, 100))
  const inherited: Record<string, string> = Object.create({ cookie: cookieOf(own) })
  t.same(read(inherited).tokens, [], 'a polluted prototype')
  t.same(read({ cookie: [cookieOf(own)] }).tokens, [], 'not as Node.js passes it')
})

t.test('no header makes it fail, or yields anything but tokens', async () => {
  const name = '__Host-totp-browser'
  const near = fc.array(fc.constantFrom(`${name}=`, name, '=', '.', ';', ' ', '"', ...tokens(2)))
  fc.assert(fc.property(fc.oneof(fc.string(), near.map(parts => parts.join(''))), cookie => {
    const { tokens } = read({ cookie })
    return tokens.length <= 8 && tokens.every(token => /^[\w-]{43}$/.test(token))
  }))
})

t.test('the name of the browser travels with it', async t => {
  t.equal(read({ 'user-agent': 'curl/8' }).userAgent, 'curl/8')
  t.equal(read({}).userAgent, '')
})
