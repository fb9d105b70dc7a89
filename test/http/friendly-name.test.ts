import t from 'tap'
import { isEmbedded, site } from '../site.js'

const SHOWN: ReadonlyArray<[what: string, name: string]> = [
  ['a mail address', 'alice@example.com'],
  ['an encoded colon', 'a%3Ab'],
  ['another issuer', 'alice&issuer=evil'],
  ['another secret', 'alice?secret=AAAAAAAAAAAAAAAA'],
  ['a fragment', 'alice#x'],
  ['slashes', '../alice//x'],
  ['a plus and a space', 'alice + bob'],
  ['a space', ' '],
  ['emoji', '👩🏽‍🚀 phone'],
  ['text that runs to the left', '\u202eenohp'],
  ['markup', '<script>alert(1)</script>'],
  ['64 characters', 'a'.repeat(64)],
  ['64 characters beyond the basic plane', '😀'.repeat(64)],
  ['__proto__', '__proto__']
]

const REFUSED: ReadonlyArray<[what: string, name: unknown]> = [
  ['an empty string', ''],
  ['a colon', 'Acme:alice'],
  ['a newline', 'ali\nce'],
  ['a carriage return', 'ali\rce'],
  ['a NUL', 'ali\0ce'],
  ['an escape', 'ali\u001bce'],
  ['a control character of the upper half', 'ali\u0085ce'],
  ['a lone high surrogate', 'ali\ud800'],
  ['a lone low surrogate', '\udc00lice'],
  ['65 characters', 'a'.repeat(65)],
  ['65 characters beyond the basic plane', '😀'.repeat(65)],
  ['3 KB', 'a'.repeat(3000)],
  ['a number', 42],
  ['an array', ['alice']],
  ['an object', { name: 'alice' }],
  ['null', null],
  ['true', true]
]

t.test('a name that can be shown is one part of the URI, and injects nothing', async t => {
  const { login } = await site(t)
  for (const [what, name] of SHOWN) {
    const answer = await (await login(`user of ${what}`)).post('/totp/factors', { friendlyName: name })
    t.match(answer, { status: 201 }, what)
    const { factor, binding } = answer.json()
    t.equal(factor.friendlyName, name, what)
    const uri = new URL(binding.uri)
    t.equal(decodeURIComponent(uri.pathname), `/Acme:${name}`, what)
    t.same([...uri.searchParams.keys()], ['secret', 'issuer', 'algorithm', 'digits', 'period'], what)
    t.equal(uri.searchParams.get('issuer'), 'Acme', what)
    t.equal(uri.searchParams.get('secret'), binding.secret, what)
    t.equal(uri.hash, '', what)
  }
})

t.test('a name that can not be shown is refused, at enrollment and when renaming', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const { sid } = await alice.enrollVerified(now(), 'phone')
  const refused = { status: 400, code: 'FST_ERR_VALIDATION' }
  for (const [what, friendlyName] of REFUSED) {
    t.match(await alice.post('/totp/factors', { friendlyName }), refused, what)
    t.match(await alice.patch(`/totp/factors/${sid}`, { friendlyName }), refused, what)
  }
  const large = { status: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' }
  t.match(await alice.post('/totp/factors', { friendlyName: 'a'.repeat(10_000) }), large)
  t.match(await alice.patch(`/totp/factors/${sid}`, {}), refused, 'no name')
  t.match((await alice.get('/totp/factors')).json(), { factors: { length: 1, 0: { friendlyName: 'phone' } } })
})

t.test('without a name the identity is shown, or the issuer where it can not be', async t => {
  const { login } = await site(t)
  for (const [identity, name] of [['alice', 'alice'], ['urn:alice', 'Acme'], ['a\nb', 'Acme'], ['a'.repeat(65), 'Acme']] as const) {
    const person = await login(identity)
    const shown = isEmbedded() ? name : 'Acme'
    t.match((await person.post('/totp/factors', {})).json(), { factor: { friendlyName: shown } }, identity)
  }
})
