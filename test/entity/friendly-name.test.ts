import fc from 'fast-check'
import t from 'tap'
import { fittingName, isFriendlyName, namesOf } from '../../src/entity/friendly-name.js'

const FAMILY = '👩‍👩‍👧'

t.test('a friendly name has 1 to 64 characters', async t => {
  const names = [
    'a', 'My phone', "Alice's phone", '"', '&issuer=evil', '?secret=AAAA', '#', '/', '%3A', '<script>', '٣', 'שלום', 'é',
    'e\u0301', '🔑', FAMILY, ' a', '\u200ea', '_', 'a'.repeat(64), '🔑'.repeat(64), `${' '.repeat(63)}a`
  ]
  for (const name of names) t.ok(isFriendlyName(name), JSON.stringify(name.slice(0, 20)))
})

t.test('colons, control characters, lone surrogates and other lengths are refused', async t => {
  const names = [
    '', ':', 'a:b', 'a\n', '\ta', 'a\r\nb', '\0', '\x1b[2J', '\x7f', '\x80', '\x9f', '\ud800', 'a\udc00',
    'a'.repeat(65), '🔑'.repeat(65), 'a'.repeat(1_000_000), `${' '.repeat(1_000_000)}a`
  ]
  for (const name of names) t.notOk(isFriendlyName(name), JSON.stringify(name.slice(0, 20)))
})

t.test('a name that can\'t be seen, or that shows itself as another one, is refused', async t => {
  const invisible = [
    ' ', '\u00a0', '\u2003', '\u3000', '\u2028', '\u00ad', '\u200b', '\u200d', '\u2060', '\ufeff', '\u3164', '\uffa0', '\u115f',
    '\u2800', '\u{e0041}', '\ufe0f', '\u061c'
  ]
  for (const character of invisible) {
    for (const name of [character, character.repeat(30), ` ${character}`]) t.notOk(isFriendlyName(name), escape(name))
    t.ok(isFriendlyName(`${character}a`), `${escape(character)} beside a letter`)
  }
  for (const override of '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069') {
    for (const name of [`${override}gnp`, `a${override}`]) t.notOk(isFriendlyName(name), escape(name))
  }
})

t.test('anything but a string is refused', async t => {
  for (const name of [undefined, null, 5, true, ['a'], { toString: () => 'a' }, Object('a'), Symbol('a')]) {
    t.notOk(isFriendlyName(name), typeof name)
  }
})

t.test('a name of the host is made to fit', async t => {
  for (const [text, name] of [
    ['alice@example.com', 'alice@example.com'], ['urn:alice', 'urn_alice'], ['a\nb', 'a_b'], ['\u202eecila', '_ecila'],
    ['a\ud800', 'a_'], ['a'.repeat(83), 'a'.repeat(64)], ['🔑'.repeat(70), '🔑'.repeat(64)], ['_', '_'], [':', '_'],
    [`${'x'.repeat(255)}🔑`, 'x'.repeat(64)], ['', null], [' ', null], ['\u200b\u3164', null], [`${' '.repeat(64)}a`, null]
  ] as const) t.equal(fittingName(text), name, escape(text.slice(0, 20)))
  t.equal(fittingName('a'.repeat(10_000_000)), 'a'.repeat(64))
})

t.test('whatever a host brings becomes a friendly name or none, and a friendly name stays what it is', async t => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.array(fc.nat(0xffff), { maxLength: 200 }).map(units => String.fromCharCode(...units)))
  t.doesNotThrow(() => fc.assert(fc.property(text, text => {
    const name = fittingName(text)
    if (isFriendlyName(text)) return name === text
    return name === null || isFriendlyName(name)
  }), { numRuns: 2000 }))
})

t.test('the label keeps the account beside a typed name', async t => {
  const labelOf = (typed: string | undefined, account: string | null) => namesOf(typed, account, [], 'Acme').label
  t.equal(labelOf(undefined, 'alice'), 'alice')
  t.equal(labelOf('Phone', 'alice'), 'alice (Phone)')
  t.equal(labelOf('alice at home', 'alice'), 'alice at home')
  t.equal(labelOf('Phone', null), 'Phone')
  t.equal(labelOf(undefined, null), 'Acme')
  t.equal(labelOf('Phone', 'a'.repeat(64)), `${'a'.repeat(56)} (Phone)`)
  t.equal(labelOf('p'.repeat(64), 'a'.repeat(64)), `${'a'.repeat(32)} (${'p'.repeat(29)})`)
  t.equal(labelOf('p'.repeat(64), 'alice'), `alice (${'p'.repeat(56)})`)
})

t.test('a name that another factor of the user has gets a number, in the app too', async t => {
  t.same(namesOf(undefined, 'alice', ['alice'], 'Acme'), { friendlyName: 'alice (2)', label: 'alice (2)' })
  t.same(namesOf('Phone', 'alice', ['Phone', 'Phone (2)'], 'Acme'), { friendlyName: 'Phone (3)', label: 'alice (Phone) (3)' })
  t.same(namesOf('Phone', 'alice', ['Phone (2)'], 'Acme'), { friendlyName: 'Phone', label: 'alice (Phone)' })
  t.equal(namesOf(undefined, null, ['Acme'], 'Acme').label, 'Acme (2)')
  const long = '🔑'.repeat(64)
  t.equal(namesOf(undefined, long, [long], 'Acme').label, `${'🔑'.repeat(60)} (2)`)
})

t.test('names and labels can be shown, and no two of one user are equal', async t => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }).filter(isFriendlyName)
  const account = fc.option(name)
  t.doesNotThrow(() => fc.assert(fc.property(fc.option(name, { nil: undefined }), account, name, (typed, account, issuer) => {
    const [names, labels]: [string[], string[]] = [[], []]
    for (let factor = 0; factor < 12; factor++) {
      const { friendlyName, label } = namesOf(typed, account, names, issuer)
      if (!isFriendlyName(friendlyName) || !isFriendlyName(label)) return false
      names.push(friendlyName)
      labels.push(label)
    }
    return new Set(names).size === 12 && new Set(labels).size === 12
  }), { numRuns: 1000 }))
})

function escape (text: string): string {
  return text.replace(/[^ -~]/gu, character => `U+${(character.codePointAt(0) ?? 0).toString(16)}`)
}
