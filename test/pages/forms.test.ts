import t from 'tap'
import { fieldsOf, requireOnly } from '../../src/pages/forms.js'

const MALFORMED = { code: 'FST_ERR_VALIDATION', statusCode: 400 }

t.test('fields are read as they were typed', async t => {
  const fields = fieldsOf('code=12+34%2056&friendlyName=J%C3%BCrg%27s+%2B%00%26%3D&empty=&bare')
  t.same({ ...fields }, { code: '12 34 56', friendlyName: 'Jürg\'s +\0&=', empty: '', bare: '' })
  for (const none of [undefined, null, '', {}]) t.same({ ...fieldsOf(none) }, {})
})

t.test('what a parser of the host made of them is the same', async t => {
  t.same({ ...fieldsOf({ code: '123456', action: '' }) }, { code: '123456', action: '' })
  t.same({ ...fieldsOf(Object.assign(Object.create(null), { code: '1' })) }, { code: '1' })
  for (const value of [['1', '2'], { a: '1' }, 1, null, true]) {
    t.throws(() => fieldsOf({ code: value }), MALFORMED, JSON.stringify(value))
  }
})

t.test('a field is sent once', async t => {
  t.throws(() => fieldsOf('code=1&code=1'), MALFORMED)
  t.throws(() => fieldsOf('code=1&c%6fde='), MALFORMED)
})

t.test('nothing is inherited', async t => {
  const fields = fieldsOf('a=1')
  t.equal(fields['toString'], undefined)
  t.strictSame(Object.entries(fieldsOf('__proto__=x')), [['__proto__', 'x']])
  t.equal(fieldsOf(Object.create({ code: '1' }))['code'], undefined)
})

t.test('unknown fields are refused', async t => {
  requireOnly(fieldsOf('a=1'), ['a', 'b'])
  t.throws(() => requireOnly(fieldsOf('a=1&c=2'), ['a', 'b']), MALFORMED)
  t.throws(() => requireOnly(fieldsOf('__proto__=2'), ['a']), MALFORMED)
})
