import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { keptKeys, keysOf } from '../../src/cli/keys.js'
import { temporaryFolder } from './environment.js'

t.test('keys are base64 of 32 bytes each, all different', async t => {
  const [one, two] = [randomBytes(32), randomBytes(32)]
  t.same(keysOf(one.toString('base64'), 'TOTP_KEYS'), [one])
  t.same(keysOf(`${one.toString('base64')}, ${two.toString('base64')}\n`, 'TOTP_KEYS'), [one, two])
  const text = one.toString('base64')
  const wrong = ['', ',', text.slice(1), `${text},`, `${text},${text}`, one.toString('hex'), `${text}=`, `${text}!`,
    randomBytes(31).toString('base64'), randomBytes(33).toString('base64'), text.replace('=', '')]
  for (const keys of wrong) {
    t.throws(() => keysOf(keys, 'TOTP_KEYS'), { name: 'StartError', message: /^TOTP_KEYS must be keys of 32 bytes/ })
    t.throws(() => keysOf(keys, 'TOTP_KEYS'), { message: /^[^=]+$/ }, 'and isn\'t told')
  }
})

t.test('a key is made once, for its owner\'s eyes only', async t => {
  const folder = await temporaryFolder(t)
  const starts = await Promise.all(Array.from({ length: 20 }, async () => await keptKeys(folder)))
  for (const keys of starts) t.same(keys, starts[0], 'all that start at once agree')
  t.same(await keptKeys(folder), starts[0])
  t.same(await readdir(folder), ['totp-keys'])
  t.equal((await stat(join(folder, 'totp-keys'))).mode & 0o777, 0o600)
  t.not(String(await keptKeys(await temporaryFolder(t))), String(starts[0]), 'another folder, another key')
})

t.test('a key is neither replaced nor made up', async t => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'totp-keys'), '', { mode: 0o600 })
  await t.rejects(keptKeys(folder), { name: 'StartError', message: /totp-keys must be keys/ })
  t.equal(await readFile(join(folder, 'totp-keys'), 'utf8'), '')
  await t.rejects(keptKeys(join(folder, 'nowhere')), { code: 'ENOENT' })
  const other = await temporaryFolder(t)
  await mkdir(join(other, 'totp-keys'), { mode: 0o700 })
  await t.rejects(keptKeys(other), { code: 'EISDIR' })
})

t.test('a key that others may read is one no more', async t => {
  const folder = await temporaryFolder(t)
  await keptKeys(folder)
  for (const mode of [0o640, 0o604]) {
    await chmod(join(folder, 'totp-keys'), mode)
    await t.rejects(keptKeys(folder), { name: 'StartError', message: /others may read .*totp-keys: chmod 600/ })
  }
})

t.test('a file system that makes no links is said to be one', async t => {
  const link = async () => { throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' }) }
  const promises = { ...await import('node:fs/promises'), link }
  const mocked = await t.mockImport<{ keptKeys: typeof keptKeys }>(
    '../../src/cli/keys.js', { 'node:fs/promises': promises })
  const folder = await temporaryFolder(t)
  await t.rejects(mocked.keptKeys(folder), { code: 'EPERM' })
  t.same(await readdir(folder), [], 'and nothing is left behind')
})
