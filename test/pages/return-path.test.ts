import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { returnPathsUnder } from '../../src/http/return-path.js'
import { createKeyring } from '../../src/seal.js'
import { times } from '../thoroughness.js'

const [KEY, OLD] = [randomBytes(32), randomBytes(32)]
const paths = returnPathsUnder([KEY, OLD])
const refusedAt = 1_800_000_000

t.test('a path that was signed for a user is read for this user, and says when it was refused', async t => {
  for (const path of [
    '/', '/vault', '/a/b?c=d&e=%2F#f', '/a//b', '/@evil.example', '/http://evil.example', `/${'a'.repeat(3000)}`
  ]) {
    const signed = paths.sign({ path, refusedAt }, 'alice')
    t.same(paths.read(signed, 'alice'), { path, refusedAt }, path.slice(0, 40))
    t.equal(paths.read(signed, 'bob'), null, 'of another user')
    t.same(returnPathsUnder([OLD, KEY]).read(signed, 'alice'), { path, refusedAt }, 'under a key that is now the second')
    t.equal(returnPathsUnder([OLD]).read(signed, 'alice'), null, 'under a key that is gone')
  }
})

t.test('what browsers would take for another site, or rewrite, is never signed', async t => {
  for (const path of [
    '//evil.example', '/\\evil.example', 'https:evil.example', 'https://evil.example/', 'evil', '', '/\t/evil.example',
    '/a\nb', '/a\rb', '/a\0b', '/a b', '/ä', '/\u2028', '/\u007f', `/${'a'.repeat(3072)}`, '/' + '%'.repeat(1100), '/' + '~('.repeat(550)
  ]) t.equal(paths.sign({ path, refusedAt }, 'alice'), null, encodeURIComponent(path).slice(0, 40))
})

t.test('what another signer signed is refused where it is no path of this site', async t => {
  const keyring = createKeyring([KEY], 'return paths')
  const forge = (path: string) =>
    `${refusedAt}.${keyring.tags(`${refusedAt}${path}`, { identity: 'alice', factorSid: '' })[0]}${path}`
  t.same(paths.read(forge('/vault'), 'alice'), { path: '/vault', refusedAt })
  for (const path of ['//evil.example', '/\\evil.example', '/a b', '/ä', `/${'a'.repeat(3072)}`]) {
    t.equal(paths.read(forge(path), 'alice'), null, path.slice(0, 40))
  }
  const entities = createKeyring([KEY])
  const tag = entities.tags(`${refusedAt}/vault`, { identity: 'alice', factorSid: '' })[0]
  t.equal(paths.read(`${refusedAt}.${tag}/vault`, 'alice'), null, 'the key of another use')
})

t.test('nothing else is read', async t => {
  const signed = String(paths.sign({ path: '/vault', refusedAt }, 'alice'))
  for (const text of [
    undefined, null, '', '/vault', { path: '/vault' }, ` ${signed}`, `${signed} `, `${signed}\n`, `0${signed}`,
    signed.replace('/vault', '/other'), signed.replace('1800000000', '1800000001'), signed.replace('.', '..')
  ]) {
    t.equal(paths.read(text, 'alice'), null, String(text))
  }
  fc.assert(fc.property(fc.string(), text => paths.read(text, 'alice') === null), { numRuns: times(2000, 100) })
  const character = fc.string({ minLength: 1, maxLength: 1 })
  fc.assert(fc.property(fc.nat(signed.length - 1), character, (place, char) => {
    const changed = signed.slice(0, place) + char + signed.slice(place + 1)
    return changed === signed || paths.read(changed, 'alice') === null
  }), { numRuns: times(2000, 100) })
})

t.test('every path that is signed leads to this site', async t => {
  const unit = fc.constantFrom('/', '\\', '.', 'a', ':', '@', '?', '#', '%', ' ', '\t')
  t.doesNotThrow(() => fc.assert(fc.property(fc.string({ unit }), path => {
    const read = paths.read(paths.sign({ path, refusedAt }, 'alice'), 'alice')
    return read === null || new URL(read.path, 'https://own.example/totp/challenge').origin === 'https://own.example'
  }), { numRuns: times(20_000, 500) }))
})
