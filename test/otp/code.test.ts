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

t.test('every other form is refused', async t => {
  const refused = [
    '', ' ', '12345', '123456789', '1'.repeat(100_000), '+12345', '-12345', '0x1E240', '12345e1', '1e5',
    '123456abc', '123456\n', '123456\u0000', '\u0000123456', ' 123456', '123456 ', '123  456', '123--456',
    '12 3456', '1234 56', '1 2 3 4 5 6', '123.456', '123,456', '123\t456', '123\n456', '123\u00a0456',
    '123\u2009456', '123\u2013456', '123−456', '1234 567', '123 45678', '123456, 654321', '123456;654321',
    '[123456]', 'NaN', '123 -456', '123_456',
    '１２３４５６', '١٢٣٤٥٦', '१२३४५६', '𝟏𝟐𝟑𝟒𝟓𝟔', '①②③④⑤⑥', '¹²³⁴⁵⁶', '１23456', '12345６',
    '123\u200d456', '\ufeff123456'
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
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9 -]{5,10}$/))
  t.doesNotThrow(() => fc.assert(fc.property(anything, text => {
    try {
      return /^[0-9]{6,8}$/.test(canonicalCode(text))
    } catch (error) {
      return error instanceof MalformedError
    }
  })))
})

const malformed = { constructor: MalformedError, code: 'FST_ERR_VALIDATION', statusCode: 400 }
