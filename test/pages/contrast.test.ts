import fc from 'fast-check'
import t from 'tap'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { accentStyle } from '../../src/pages/look/accent.js'
import { colorOf, contrast, hexOf, readable } from '../../src/pages/look/contrast.js'
import { ROOT } from '../root.js'
import { times } from '../thoroughness.js'

const css = readFileSync(join(ROOT, 'src/pages/look/pages.css'), 'utf8')
const accent = fc.integer({ min: 0, max: 0xffffff }).map(color => `#${color.toString(16).padStart(6, '0')}`)

function ratio (one: string, other: string): number {
  return contrast(colorOf(one), colorOf(other))
}

/** The values of a color in the style sheet: in the light, and in the dark. */
function valuesOf (name: string): [string, string] {
  const [light = '', dark = ''] = [...css.matchAll(new RegExp(`--totp-${name}: (#\\w+);`, 'g'))].map(([, color = '']) =>
    color.length === 4 ? color.replace(/\w/g, '$&$&') : color)
  return [light, dark]
}

t.test('the contrast of known pairs', async t => {
  t.equal(ratio('#000000', '#ffffff'), 21)
  t.equal(ratio('#ffffff', '#ffffff'), 1)
  t.equal(ratio('#777777', '#ffffff').toFixed(2), '4.48')
  t.equal(ratio('#767676', '#ffffff').toFixed(2), '4.54')
  t.equal(ratio('#0000ff', '#ffffff').toFixed(2), '8.59')
  t.equal(ratio('#ff0000', '#000000').toFixed(2), '5.25')
})

t.test('a color that can be read stays as it is', async t => {
  const [on, end] = [colorOf('#ffffff'), colorOf('#000000')]
  t.equal(hexOf(readable(colorOf('#0a5cd6'), { on, end, ratio: 4.5 })), '#0a5cd6')
  t.equal(hexOf(readable(colorOf('#ffff00'), { on: end, end: on, ratio: 4.5 })), '#ffff00')
})

t.test('a color that can be read nowhere becomes the end of its way', async t => {
  const [on, end] = [colorOf('#ffffff'), colorOf('#777777')]
  t.equal(hexOf(readable(colorOf('#888888'), { on, end, ratio: 4.5 })), '#777777')
})

t.test('any accent can be read: as a link on page and card, and as a button', async () => {
  const pages = valuesOf('page')
  const cards = valuesOf('card')
  fc.assert(fc.property(accent, color => {
    const { body } = accentStyle(color)
    const [, button = '', text = ''] = /--totp-accent:(#\w{6});--totp-on-accent:(#\w{6});/.exec(body) ?? []
    const links = [...body.matchAll(/--totp-link:(#\w{6})/g)]
    return button === color && ratio(button, text) >= 4.5 && links.length === 2 && links.every(([, link = ''], scheme) =>
      [pages[scheme], cards[scheme]].every((back = '') => ratio(link, back) >= 4.5))
  }), { numRuns: times(5000, 300) })
})

t.test('the other colors can be read too', async t => {
  for (const scheme of [0, 1]) {
    const color = (name: string): string => valuesOf(name)[scheme] ?? ''
    for (const [text, back] of [
      ['text', 'page'], ['text', 'card'], ['muted', 'page'], ['muted', 'card'], ['error', 'error-back'],
      ['error', 'card'], ['good', 'good-back'], ['good', 'card']
    ] as const) {
      t.ok(ratio(color(text), color(back)) >= 4.5, `${text} on ${back}, ${scheme}`)
    }
    t.ok(ratio(color('edge'), color('card')) >= 3, `the edge of a field, ${scheme}`)
  }
})

t.test('the style of an accent has a name of its own', async t => {
  t.not(accentStyle('#aa0000').name, accentStyle('#00aa00').name)
  t.match(accentStyle().name, /^[0-9a-f]{18}$/)
})
