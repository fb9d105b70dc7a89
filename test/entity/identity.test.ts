import t from 'tap'
import { isIdentity } from '../../src/entity/identity.js'

t.test('any well-formed text of 1 to 256 bytes is an identity', async t => {
  const names = [
    'alice', 'Alice', ' ', 'a ', '0', '__proto__', 'constructor', 'a:b', 'a/../b', '%2f', 'é', 'e\u0301', 'ß', 'ss',
    'ı', '\u200d', '\u202e', '\r\n', '🔑', 'a'.repeat(256), 'é'.repeat(128), '🔑'.repeat(64)
  ]
  for (const name of names) t.ok(isIdentity(name), JSON.stringify(name.slice(0, 20)))
})

t.test('empty and longer text, NUL and lone surrogates are refused', async t => {
  const names = [
    '', 'a'.repeat(257), 'é'.repeat(129), '🔑'.repeat(64) + 'a', 'a'.repeat(64 * 1024), '\0', 'alice\0', 'a\0b',
    '\ud800', 'alice\udc00', '\udc00\ud800'
  ]
  for (const name of names) t.notOk(isIdentity(name), JSON.stringify(name.slice(0, 20)))
})
