import t from 'tap'
import { isFriendlyName } from '../../src/entity/friendly-name.js'

t.test('a friendly name has 1 to 64 characters', async t => {
  const names = [
    'a', 'My phone', ' ', "Alice's phone", '"', '&issuer=evil', '?secret=AAAA', '#', '/', '%3A', '<script>', '٣',
    '\u202egnp', 'é', '🔑', 'a'.repeat(64), '🔑'.repeat(64)
  ]
  for (const name of names) t.ok(isFriendlyName(name), JSON.stringify(name.slice(0, 20)))
})

t.test('colons, control characters, lone surrogates and other lengths are refused', async t => {
  const names = [
    '', ':', 'a:b', 'a\n', '\ta', 'a\r\nb', '\0', '\x1b[2J', '\x7f', '\x80', '\x9f', '\ud800', 'a\udc00',
    'a'.repeat(65), '🔑'.repeat(65), 'a'.repeat(1_000_000)
  ]
  for (const name of names) t.notOk(isFriendlyName(name), JSON.stringify(name.slice(0, 20)))
})

t.test('anything but a string is refused', async t => {
  for (const name of [undefined, null, 5, true, ['a'], { toString: () => 'a' }, Object('a'), Symbol('a')]) {
    t.notOk(isFriendlyName(name), typeof name)
  }
})
