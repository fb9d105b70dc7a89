import fc from 'fast-check'
import t from 'tap'
import { isFriendlyName } from '../../src/entity/friendly-name.js'
import { isIdentity } from '../../src/entity/identity.js'
import { times } from '../thoroughness.js'
import { isEmbedded, site } from '../site.js'
import type { Response } from '../visitor.js'

const SHOWN: ReadonlyArray<[what: string, name: string]> = [
  ['a mail address', 'alice@example.com'],
  ['an encoded colon', 'a%3Ab'],
  ['another issuer', 'alice&issuer=evil'],
  ['another secret', 'alice?secret=AAAAAAAAAAAAAAAA'],
  ['a fragment', 'alice#x'],
  ['slashes', '../alice//x'],
  ['a plus and a space', 'alice + bob'],
  ['emoji', '👩🏽‍🚀 phone'],
  ['letters that run to the left', 'אליס'],
  ['markup', '<script>alert(1)</script>'],
  ['64 characters', 'a'.repeat(64)],
  ['64 characters beyond the basic plane', '😀'.repeat(64)],
  ['__proto__', '__proto__']
]

const REFUSED: ReadonlyArray<[what: string, name: unknown]> = [
  ['an empty string', ''],
  ['a space', ' '],
  ['a zero-width space', '\u200b'],
  ['a filler', '\u3164'],
  ['an override of the direction', '\u202eenohp'],
  ['an isolate', '\u2066phone'],
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
  for (const [what, name] of SHOWN) {
    const { login } = await site(t)
    const answer = await (await login('alice')).post('/totp/factors', { friendlyName: name })
    t.match(answer, { status: 201 }, what)
    const { factor, binding } = answer.json()
    t.equal(factor.friendlyName, name, what)
    const uri = new URL(binding.uri)
    t.equal(decodeURIComponent(uri.pathname), `/Acme:${labelOf(name)}`, what)
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

t.test('without a name the identity is shown, made to fit, or the issuer where nothing of it is visible', async t => {
  const { login } = await site(t)
  for (const [identity, name] of [
    ['alice', 'alice'], ['urn:alice', 'urn_alice'], ['a\nb', 'a_b'], ['a'.repeat(65), 'a'.repeat(64)], ['\u200b', 'Acme'],
    ['\u202eecila', '_ecila']
  ] as const) {
    const person = await login(identity)
    const shown = isEmbedded() ? name : 'Acme'
    t.match((await person.post('/totp/factors', {})).json(), { factor: { friendlyName: shown } }, identity)
  }
})

t.test('a name that the host derives never breaks the user\'s requests', async t => {
  const long = `${'a'.repeat(70)}@example.com`
  const names: ReadonlyArray<[given: string | null | undefined, shown: string]> = [
    ['alice@example.com', 'alice@example.com'], [long, long.slice(0, 64)], ['Acme:alice', 'Acme_alice'], ['a\nb', 'a_b'],
    ['a\ud800', 'a_'], ['\u202egnp', '_gnp'], [' ', 'Acme']
  ]
  for (const [given, shown] of names) {
    const { login } = await site(t, { totp: { friendlyName: () => given } })
    const answer = await (await login('alice')).post('/totp/factors')
    t.match(answer, { status: 201 }, String(given))
    t.equal(answer.json().factor.friendlyName, shown)
    t.equal(accountIn(answer), shown)
  }
  for (const none of [undefined, null, '']) {
    const { login } = await site(t, { totp: { friendlyName: () => none } })
    const answer = await (await login('alice')).post('/totp/factors')
    t.equal(answer.json().factor.friendlyName, isEmbedded() ? 'alice' : 'Acme', String(none))
  }
})

t.test('the account stays in the label of a factor that the user names', async t => {
  const { login } = await site(t, { totp: { friendlyName: () => 'alice@example.com' } })
  const answer = await (await login('alice')).post('/totp/factors', { friendlyName: 'Phone' })
  t.equal(answer.json().factor.friendlyName, 'Phone')
  t.equal(accountIn(answer), 'alice@example.com (Phone)')
})

t.test('the app shows each factor of a user under a name of its own', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const [shown, labels]: [string[], string[]] = [[], []]
  for (const friendlyName of [undefined, undefined, 'Phone', 'Phone', undefined]) {
    const enrolled = await alice.enroll(friendlyName)
    t.match(await alice.post(`/totp/factors/${enrolled.sid}/verify`, { code: enrolled.code(now()) }), { status: 200 })
    labels.push(decodeURIComponent(new URL(enrolled.uri).pathname).replace('/Acme:', ''))
    wait(30)
  }
  for (const { friendlyName } of (await alice.get('/totp/factors')).json().factors) shown.push(friendlyName)
  const [name, phone] = isEmbedded() ? ['alice', 'alice (Phone)'] : ['Acme', 'Phone']
  t.strictSame(shown, [name, `${name} (2)`, 'Phone', 'Phone (2)', `${name} (3)`])
  t.strictSame(labels, [name, `${name} (2)`, phone, `${phone} (2)`, `${name} (3)`])
})

t.test('no name and no identity, whatever is in them, answers 500 or breaks a URI', async t => {
  let [identity, derived]: [string, string | undefined] = ['alice', undefined]
  const { visitor, wait } = await site(t, { totp: { identify: () => identity, friendlyName: () => derived } })
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.array(fc.nat(0xffff), { maxLength: 80 }).map(units => String.fromCharCode(...units)),
    fc.array(fc.constantFrom('a', ':', ' ', '\u200b', '\u202e', '\n', '\ud83d', '%', '&', '(2)'), { maxLength: 70 })
      .map(parts => parts.join(''))
  )
  const request = fc.tuple(text, fc.option(text, { nil: undefined }), fc.option(text, { nil: undefined }))
  await fc.assert(fc.asyncProperty(request, async ([who, name, typed]) => {
    [identity, derived] = [who, name]
    // The same short identity may come again and again; it may enroll five times in ten minutes.
    wait(600)
    const answer = await visitor().post('/totp/factors', { friendlyName: typed })
    if (!isIdentity(who)) return answer.status === 401
    if (typed !== undefined && !isFriendlyName(typed)) return answer.status === 400
    const account = accountIn(answer)
    return answer.status === 201 && isFriendlyName(account) && !account.includes(':') &&
      (typed === undefined || answer.json().factor.friendlyName === typed)
  }), { numRuns: times(1000, 150) })
})

/** The account in the label of the URI, read back. */
function accountIn (answer: Response): string {
  return decodeURIComponent(new URL(answer.json().binding.uri).pathname).replace('/Acme:', '')
}

/** What the app shows for a name that alice typed; with Twilio, alice is nobody's business. */
function labelOf (name: string): string {
  if (!isEmbedded() || name.includes('alice')) return name
  return [...name].length < 57 ? `alice (${name})` : `alice (${[...name].slice(0, 56).join('')})`
}
