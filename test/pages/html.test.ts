import fc from 'fast-check'
import t from 'tap'
import { html } from '../../src/pages/html.js'
import { times } from '../thoroughness.js'
import { untyped } from '../untyped.js'

t.test('values are escaped, in text and in attributes', async t => {
  const value = '<b title="a" lang=\'b\'>&amp;</b>'
  t.equal(`${html`<i title="${value}">${value}</i>`}`, '<i title="&lt;b title=&quot;a&quot; lang=&#39;b&#39;&gt;&amp;amp;&lt;/b&gt;">' +
    '&lt;b title=&quot;a&quot; lang=&#39;b&#39;&gt;&amp;amp;&lt;/b&gt;</i>')
})

t.test('what a template made is not escaped again', async t => {
  t.equal(`${html`<p>${html`<b>${'<'}</b>`}</p>`}`, '<p><b>&lt;</b></p>')
})

t.test('lists are joined, numbers are written, and nothing comes of null and false', async t => {
  t.equal(`${html`${['a', html`<br>`, ['b', null]]}|${0}|${null}|${false}|${''}`}`, 'a<br>b|0|||')
})

t.test('an object that looks like markup is none', async t => {
  t.equal(`${html`${untyped({ isHtml: true, toString: () => '<b>' })}`}`, '&lt;b&gt;')
  t.equal(`${html`${untyped({ text: '<b>' })}`}`, '[object Object]')
  t.equal(`${html`${untyped(undefined)}`}`, '')
})

t.test('no value leaves its place, and a browser reads it back as it was', async () => {
  const read = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) =>
    ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '')
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({
    unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' ', 'script', '!--', '\0', '\n', 'amp;')
  }))
  fc.assert(fc.property(text, value => {
    const inText = `${html`${value}`}`
    const inAttribute = `${html`<p title="${value}"></p>`}`.slice('<p title="'.length, -'"></p>'.length)
    return !/[<>"']/.test(inText) && inText === inAttribute && read(inText) === value
  }), { numRuns: times(10_000, 500) })
})
