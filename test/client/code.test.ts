import t from 'tap'
import { canonicalCode } from '../../src/client/code.js'
import { canonicalCode as ofServer } from '../../src/otp/code.js'

t.test('codes are read as the server reads them', async t => {
  for (const typed of ['123456', ' 123 456\n', '123-456', '1234\u20115678', '\u200e123456\u200f', '١٢٣٤٥٦', '１２３４５６', '𝟎𝟏𝟐𝟑𝟒𝟓']) {
    t.equal(canonicalCode(typed), ofServer(typed), typed)
  }
  for (const typed of ['', '12345', '123456789', '12345a', 'K4QZ-7XHM-2345-67', undefined, null, {}]) {
    t.equal(canonicalCode(typed), null, String(typed))
  }
})

t.test('where regular expressions know no scripts, the digits of Arabic and Persian are still read', async t => {
  const { RegExp } = globalThis
  t.teardown(() => { globalThis.RegExp = RegExp })
  Object.assign(globalThis, { RegExp: function () { throw new SyntaxError('Invalid escape') } })
  const codes = ['12 34 56', '١٢٣٤٥٦', '۱۲۳۴۵۶'].map(canonicalCode)
  globalThis.RegExp = RegExp
  t.strictSame(codes, ['123456', '123456', '123456'])
})
