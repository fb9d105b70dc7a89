import fc from 'fast-check'
import t from 'tap'
import { MalformedError } from '../../src/errors.js'
import { canonicalCode } from '../../src/otp/code.js'

t.test('a code may be typed with a space or a hyphen in the middle, and has one canonical form', async t => {
  for (const spelling of ['123456', '123 456', '123-456']) t.equal(canonicalCode(spelling), '123456')
  for (const spelling of ['1234567', '123 4567', '123-4567']) t.equal(canonicalCode(spelling), '1234567')
  for (const spelling of ['12345678', '1234 5678', '1234-5678']) t.equal(canonicalCode(spelling), '12345678')
  t.equal(canonicalCode('000 000'), '000000')
})

/** Zero in each script that has digits of its own. */
const ZEROS = Array.from({ length: 0x110000 }, (_, point) => point)
  .filter(point => point < 0xd800 || point > 0xdfff)
  .filter(point => /^\p{Nd}$/u.test(String.fromCodePoint(point)))
  .filter((_, index) => index % 10 === 0)

t.test('a code may be typed in the digits of any script, or of several', async t => {
  t.ok(ZEROS.length >= 60)
  for (const zero of ZEROS) {
    const spelled = [...'9072816543'].map(digit => String.fromCodePoint(zero + Number(digit)))
    t.equal(canonicalCode(spelled.slice(0, 8).join('')), '90728165', `U+${zero.toString(16)}`)
    t.equal(canonicalCode(spelled.slice(4).join('')), '816543', `U+${zero.toString(16)}`)
  }
  const scripts = ['arab', 'deva', 'beng', 'thai', 'fullwide', 'tibt', 'mathsans', 'mathmono', 'hmnp', 'adlm', 'latn']
  for (const script of scripts) {
    const { format } = new Intl.NumberFormat(`en-u-nu-${script}`, { useGrouping: false })
    t.equal(canonicalCode(format(270_819)), '270819', script)
  }
  t.equal(canonicalCode('１２３４５６'), '123456')
  t.equal(canonicalCode('١٢٣٤٥٦'), '123456')
  t.equal(canonicalCode('12345６'), '123456')
})

t.test('blanks of any kind don\'t matter, and neither do the invisible characters of pasted text', async t => {
  const blanks = [
    ' ', '\t', '\n', '\r\n', '\u00a0', '\u2009', '\u202f', '\u3000', '\u2028', '\u200b', '\u200d', '\u2060', '\ufeff',
    '\u200e', '\u202a', '\u2069'
  ]
  for (const blank of blanks) {
    for (const spelling of [`${blank}123456`, `123456${blank}`, `123${blank}456`, `12${blank}34${blank}${blank}56`]) {
      t.equal(canonicalCode(spelling), '123456', shown(spelling))
    }
    t.equal(canonicalCode(`${blank}123${blank}-${blank}4567${blank}`), '1234567', shown(blank))
  }
  t.equal(canonicalCode('１２３－４５６'), '123456', 'the hyphen of a Japanese keyboard')
  t.equal(canonicalCode('123‑456'), '123456', 'a hyphen that doesn\'t break')
})

t.test('every other form is refused', async t => {
  const refused = [
    '', ' ', '12345', '123456789', '1'.repeat(100_000), '+12345', '-12345', '0x1E240', '12345e1', '1e5',
    '123456abc', '123456\u0000', '\u0000123456', '123\u0000456', '123--456', '12-3456', '1234-56', '123456-', '-123456',
    '1-2-3-4-5-6', '12-34-56', '123.456', '123,456', '123\u2013456', '123−456', '1234-567', '123-45678',
    '123456, 654321', '123456;654321', '[123456]', 'NaN', '123_456', '①②③④⑤⑥', '¹²³⁴⁵⁶', '一二三四五六', 'ⅠⅡⅢⅣⅤⅥ',
    '½23456', '１２３４５', '١٢٣٤٥٦٧٨٩', `${' '.repeat(100_000)}12345`, '123\u0301456'
  ]
  for (const code of refused) {
    t.throws(() => canonicalCode(code), malformed, JSON.stringify(code.slice(0, 20)))
  }
})

t.test('anything but a string is refused, never converted', async t => {
  const strange = [
    123456, 1e5, 123456n, ['123456'], [1, 2, 3, 4, 5, 6], { code: '123456' }, Object('123456'), null, undefined,
    true, NaN, Symbol('123456'), () => '123456', { toString: () => '123456' }, new Date(123456)
  ]
  for (const code of strange) t.throws(() => canonicalCode(code), malformed, typeof code)
})

t.test('a refusal doesn\'t quote the code', async t => {
  t.throws(() => canonicalCode('secret-ish 123456'), { ...malformed, message: 'code must have 6 to 8 digits' })
})

t.test('every accepted code has 6 to 8 ASCII digits', async t => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9 -]{5,10}$/), fc.stringMatching(/^[\p{Nd}\p{Z}\p{Cf}\s-]{5,14}$/u))
  t.doesNotThrow(() => fc.assert(fc.property(anything, text => {
    try {
      return /^[0-9]{6,8}$/.test(canonicalCode(text))
    } catch (error) {
      return error instanceof MalformedError
    }
  })))
})

/** For the name of a test: some of these characters would break its line. */
function shown (text: string): string {
  return text.replace(/[^ -~]/gu, character => `U+${(character.codePointAt(0) ?? 0).toString(16)}`)
}

const malformed = { constructor: MalformedError, code: 'FST_ERR_VALIDATION', statusCode: 400 }
