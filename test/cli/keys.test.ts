import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { givenKeys, keysIn, readOrCreateKeys } from '../../src/cli/keys.js'
import { temporaryFolder } from './environment.js'

t.test('keys are different, 32 bytes each, in base64', async t => {
  const [one, two] = [randomBytes(32), randomBytes(32)]
  t.same(keysIn(one.toString('base64'), 'TOTP_KEYS'), [one])
  t.same(keysIn(`${one.toString('base64')}, ${two.toString('base64')}\n`, 'TOTP_KEYS'), [one, two])
  const text = one.toString('base64')
  const wrong = ['', ',', text.slice(1), `${text},`, `${text},${text}`, one.toString('hex'), `${text}=`, `${text}!`,
    randomBytes(31).toString('base64'), randomBytes(33).toString('base64'), text.replace('=', '')]
  for (const keys of wrong) {
    t.throws(() => keysIn(keys, 'TOTP_KEYS'), { name: 'CommandError', message: /^TOTP_KEYS must be keys of 32 bytes/ })
    t.throws(() => keysIn(keys, 'TOTP_KEYS'), { message: /^[^=]+$/ }, 'and the message does not quote the key')
  }
})

t.test('a key is created once, and only its owner can read it', async t => {
  const folder = await temporaryFolder(t)
  const starts = await Promise.all(Array.from({ length: 20 }, async () => await readOrCreateKeys(folder)))
  for (const keys of starts) t.same(keys, starts[0], 'processes that start at the same time agree')
  t.same(await readOrCreateKeys(folder), starts[0])
  t.same(await readdir(folder), ['totp-keys'])
  t.equal((await stat(join(folder, 'totp-keys'))).mode & 0o777, 0o600)
  t.not(String(await readOrCreateKeys(await temporaryFolder(t))), String(starts[0]), 'another folder, another key')
})

t.test('an invalid key file is not replaced', async t => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'totp-keys'), '', { mode: 0o600 })
  await t.rejects(readOrCreateKeys(folder), { name: 'CommandError', message: /totp-keys must be keys/ })
  t.equal(await readFile(join(folder, 'totp-keys'), 'utf8'), '')
  await t.rejects(readOrCreateKeys(join(folder, 'nowhere')), { code: 'ENOENT' })
  const other = await temporaryFolder(t)
  await mkdir(join(other, 'totp-keys'), { mode: 0o700 })
  await t.rejects(readOrCreateKeys(other), { code: 'EISDIR' })
})

t.test('a key file that others can read or write is rejected', async t => {
  const folder = await temporaryFolder(t)
  await readOrCreateKeys(folder)
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o622, 0o666]) {
    await chmod(join(folder, 'totp-keys'), mode)
    await t.rejects(readOrCreateKeys(folder), {
      name: 'CommandError',
      message: /other users can read or write .*totp-keys: run chmod 600 .*totp-keys$/
    })
  }
})

t.test('a file system without hard links is an error', async t => {
  const link = async () => { throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' }) }
  const promises = { ...await import('node:fs/promises'), link }
  const mocked = await t.mockImport<{ readOrCreateKeys: typeof readOrCreateKeys }>(
    '../../dist/cli/keys.js', { 'node:fs/promises': promises })
  const folder = await temporaryFolder(t)
  await t.rejects(mocked.readOrCreateKeys(folder), { code: 'EPERM' })
  t.same(await readdir(folder), [], 'and nothing is left behind')
})

t.test('keys come from a file, in base64 or raw, else from the environment', async t => {
  const folder = await temporaryFolder(t)
  const [one, two] = [randomBytes(32), randomBytes(32)]
  const text = [one, two].map(key => key.toString('base64')).join('\n')
  t.same(await givenKeys(null, { TOTP_KEYS: text }), [one, two])
  t.equal(await givenKeys(null, {}), null)
  await writeFile(join(folder, 'text'), `${text}\n`, { mode: 0o600 })
  await writeFile(join(folder, 'raw'), one, { mode: 0o600 })
  t.same(await givenKeys(join(folder, 'text'), { TOTP_KEYS: 'unused' }), [one, two])
  t.same(await givenKeys(join(folder, 'raw'), {}), [one])
})
