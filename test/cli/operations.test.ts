import { randomBytes } from 'node:crypto'
import { access, chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../src/cli/command.js'
import { exportCommand } from '../../src/cli/operations/export.js'
import { importCommand } from '../../src/cli/operations/import.js'
import { reportCommand } from '../../src/cli/operations/report.js'
import { resealCommand } from '../../src/cli/operations/reseal.js'
import { site } from '../site.js'
import { testEnvironment } from './environment.js'
import { ownStore } from './own-store.js'

const commands = {
  report: reportCommand, reseal: resealCommand, export: exportCommand, import: importCommand
}
const [OLD, FRESH] = [randomBytes(32), randomBytes(32)]
const KEYS = [FRESH, OLD].map(key => key.toString('base64')).join(',')

interface Options {
  readonly env?: Record<string, string>
  readonly input?: readonly string[]
  /** True if stderr is a terminal. */
  readonly isTTY?: boolean
}

async function outcome (args: string[], { env = {}, input = [], isTTY = false }: Options = {}) {
  const environment = testEnvironment(env, input)
  const { stderr } = environment
  const exitCode = await runCommand(commands, args, { ...environment, stderr: { ...stderr, isTTY } })
  return { exitCode, ...environment.written }
}

/** A store with alice and bob, who are enrolled, and carol, whose factor is unverified. */
async function populated (t: { after (fn: () => Promise<void>): void }) {
  const own = await ownStore(t)
  const { login, now } = await site(t, { totp: { store: own.store, keys: [OLD] } })
  const phone = await (await login('alice')).enrollVerified(now())
  await (await login('bob')).enrollVerified(now())
  await (await login('carol')).enroll()
  return { ...own, phone, args: ['--store', own.module] }
}

t.test('report lists who is enrolled', async t => {
  const { args, folder, phone } = await populated(t)
  const printed = await outcome(['report', ...args])
  t.match(printed, { exitCode: 0, stderr: '3 identities: ' })
  t.same(printed.stdout.split('\n').sort(), ['',
    `"alice"${' '.repeat(31)}  enrolled  1 factor (embedded), last used 2027-01-15`,
    `"bob"${' '.repeat(33)}  enrolled  1 factor (embedded), last used 2027-01-15`,
    `"carol"${' '.repeat(31)}  unenrolled`
  ])
  t.match(printed.stderr, /\b2 enrolled\b/)
  await t.resolves(access(join(folder, 'closed')), 'the store is closed')

  const json = await outcome(['report', '--json', ...args])
  const rows = json.stdout.trim().split('\n').map(line => JSON.parse(line))
  t.match(rows.find(({ identity }) => identity === 'alice'), { status: 'enrolled', factors: [{ sid: phone.sid }], failures: 0 })
  for (const { stdout, stderr } of [printed, json]) t.notMatch(stdout + stderr, phone.secret)
})

t.test('report shows several factors, other providers and disabled identities', async t => {
  const { store, args } = await populated(t)
  const alice = await store.get('identity:alice')
  const { factors: [factor] } = alice ?? { factors: [] }
  if (alice === null || factor?.provider !== 'embedded') throw new Error('alice is enrolled')
  const other = { ...factor, sid: `YF${'0'.repeat(32)}`, lastUsedAt: factor.lastUsedAt + 86_400 }
  await store.replace('identity:alice', alice.revision, {
    ...alice,
    revision: alice.revision + 1,
    factors: [factor, other],
    attempts: { ...alice.attempts, disabledAt: 1 }
  })
  const { stdout } = await outcome(['report', ...args])
  t.match(stdout, /"alice" +enrolled {2}2 factors \(embedded\), last used 2027-01-16 {2}disabled\n/)
})

t.test('reseal seals everything with the first key', async t => {
  const { args, folder, store, phone } = await populated(t)
  t.same(await outcome(['reseal', ...args], { env: { TOTP_KEYS: KEYS } }), {
    exitCode: 0, stdout: '', stderr: '3 identities: 3 resealed\n'
  })
  await writeFile(join(folder, 'keys'), `${KEYS}\n`, { mode: 0o600 })
  const again = await outcome(['reseal', '--keys', join(folder, 'keys'), ...args], { isTTY: true })
  t.match(again, { exitCode: 0, stdout: '', stderr: /3 identities: 3 current\n$/ })
  t.match(again.stderr, /\[#{20} {10}\] {2}66\.6 % of 3/, 'a terminal shows the progress')
  const after = await site(t, { totp: { store, keys: [FRESH] } })
  t.match(await (await after.login('alice')).challenge(phone.code(after.now() + 30)), { status: 200 })

  await chmod(join(folder, 'keys'), 0o644)
  t.match(await outcome(['reseal', '--keys', join(folder, 'keys'), ...args]), { exitCode: 1, stderr: /chmod 600/ })
  t.match(await outcome(['reseal', ...args]), { exitCode: 1, stderr: /reseal needs the keys: set TOTP_KEYS/ })
  const wrong = { exitCode: 1, stderr: /^(?!.*hunter2)/ }
  t.match(await outcome(['reseal', ...args], { env: { TOTP_KEYS: 'hunter2' } }), wrong)
})

t.test('refused identities are named, and the exit code is 1', async t => {
  const { args } = await populated(t)
  const { exitCode, stdout, stderr } = await outcome(['reseal', ...args], { env: { TOTP_KEYS: FRESH.toString('base64') } })
  t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
  const lines = stderr.trim().split('\n')
  t.match(lines.filter(line => line.startsWith('"')), [/^"\w+": a secret is sealed under a key/, /^"/, /^"/])
  t.match(lines.slice(-2), ['3 identities: 3 refused', 'fastify-verify-totp: refused identities were left unchanged'])
})

t.test('an export can be imported, and imported again', async t => {
  const [from, to] = [await populated(t), await ownStore(t)]
  const args = ['import', '--store', to.module]
  const exported = await outcome(['export', ...from.args])
  t.match(exported, { exitCode: 0, stderr: '3 identities: 3 exported\n' })
  t.notMatch(exported.stdout, from.phone.secret)
  const input = [exported.stdout.slice(0, 100), exported.stdout.slice(100)]
  t.same(await outcome(args, { input, env: { TOTP_KEYS: KEYS } }), { exitCode: 0, stdout: '', stderr: '3 identities: 3 imported\n' })
  for (const name of ['alice', 'bob', 'carol']) {
    t.same(await to.store.get(`identity:${name}`), await from.store.get(`identity:${name}`))
  }
  t.match(await outcome(args, { input, env: { TOTP_KEYS: KEYS } }), { exitCode: 0, stderr: '3 identities: 3 present\n' })
})

t.test('an export that is cut short or damaged, and any other input, is rejected', async t => {
  const [from, to] = [await populated(t), await ownStore(t)]
  const args = ['import', '--store', to.module]
  const { stdout } = await outcome(['export', ...from.args])
  const [head = '', first = '', second = '', third = '', foot = ''] = stdout.split('\n')
  const env = { TOTP_KEYS: KEYS }
  const importing = async (input: readonly string[]) => await outcome(args, { input, env })
  const incomplete = { exitCode: 1, stderr: /the export is cut short or damaged after identity number 1: export again\n$/ }
  t.match(await importing([`${head}\n${first}\n`]), incomplete)
  t.match(await importing([`${head}\n${first}\n${second.slice(0, 80)}`]), incomplete)
  t.match(await importing([`${head}\n${first}\n${foot}\n`]), incomplete, 'a line is missing')
  t.match(await importing([`${head}\n${first}\nnull\n`]), incomplete)
  const several = { exitCode: 1, stderr: /unexpected data after the end of the export/ }
  t.match(await importing([stdout, stdout]), several)
  t.match(await importing([stdout]), { exitCode: 0 }, 'a complete export can be imported afterwards')
  const none = { exitCode: 1, stderr: /the input is not an export that this version can read/ }
  const others = [head.replace('"format":1', '"format":2'), `${third}\n${stdout}`, '{}\n', '\n', first]
  for (const input of [[], ...others.map(other => [other])]) t.match(await importing(input), none)
  const endless = { exitCode: 1, stderr: /its lines are too long/ }
  t.match(await importing([`${head}\n`, 'x'.repeat(2_000_000)]), endless)
})

t.test('an identity that the export refused is refused by the import too', async t => {
  const [from, to] = [await populated(t), await ownStore(t)]
  const alice = await from.store.get('identity:alice')
  await from.store.replace('identity:mallory', null, alice)
  const { exitCode, stdout, stderr } = await outcome(['export', ...from.args])
  t.match({ exitCode, stderr }, { exitCode: 1, stderr: /"mallory": the document belongs to another identity\n/ })
  const imported = await outcome(['import', '--store', to.module], { input: [stdout], env: { TOTP_KEYS: KEYS } })
  t.match(imported, { exitCode: 1, stderr: /"mallory": the export could not read it\n/ })
  t.match(imported.stderr, /4 identities: .*3 imported/)
})

t.test('an identity with another entity in the store is refused', async t => {
  const [from, to] = [await populated(t), await ownStore(t)]
  const { stdout } = await outcome(['export', ...from.args])
  await outcome(['reseal', ...from.args], { env: { TOTP_KEYS: KEYS } })
  t.match(await outcome(['import', ...from.args], { input: [stdout], env: { TOTP_KEYS: KEYS } }), {
    exitCode: 1, stderr: /"alice": the store already has another entity for it\n/
  })
  t.match(await outcome(['import', '--store', to.module], { input: [stdout], env: { TOTP_KEYS: KEYS } }), { exitCode: 0 })
})

t.test('identities and names with Unicode line separators are transferred', async t => {
  const [from, to] = [await ownStore(t), await ownStore(t)]
  const { login, now } = await site(t, { totp: { store: from.store, keys: [OLD] } })
  await (await login('a\u2028b')).enrollVerified(now(), 'my\u2029phone')
  const { stdout } = await outcome(['export', '--store', from.module])
  t.match(await outcome(['import', '--store', to.module], { input: [stdout], env: { TOTP_KEYS: KEYS } }), { exitCode: 0, stderr: /1 imported/ })
  t.same(await to.store.get('identity:a\u2028b'), await from.store.get('identity:a\u2028b'))
})

t.test('a module without a store, or one that fails, is reported', async t => {
  const { folder } = await ownStore(t)
  const tried = async (text: string) => {
    const module = join(folder, `${randomBytes(4).toString('hex')}.mjs`)
    await writeFile(module, text)
    const { exitCode, stderr } = await outcome(['report', '--store', module])
    t.equal(exitCode, 1, text)
    return stderr
  }
  t.match(await tried('export const store = {}'), /must be a store with get, replace and list/)
  t.match(await tried('export default { get () {}, replace () {} }'), /must be a store/)
  t.match(await tried('export default () => null'), /must be a store/)
  t.match(await tried('throw new Error("password=hunter2")'), /^fastify-verify-totp: the store can't be used: password=…\n$/)
  t.match(await outcome(['report', '--store', join(folder, 'none.mjs')]), { exitCode: 1, stderr: /can't be used: Cannot find/ })
  const store = `{
    async get () { throw new Error('gone') },
    async replace () {},
    async list (after) { return after === undefined ? ['identity:a'] : [] }
  }`
  t.match(await tried(`export default ${store}`), /^fastify-verify-totp: gone\n$/)
  const unclosed = `export default ${store}; export const close = () => { throw new Error("not closed") }`
  t.match(await tried(unclosed), /^fastify-verify-totp: gone\n$/, 'the first failure is reported, not the one after it')
})

t.test('when the store fails midway, the command reports the last identity', async t => {
  const { folder, args } = await ownStore(t).then(own => ({ ...own, args: ['--store', own.module] }))
  t.same(await outcome(['report', ...args]), { exitCode: 0, stdout: '', stderr: '0 identities\n' })
  const module = join(folder, 'failing.mjs')
  await writeFile(module, `export default {
    async get (key) {
      if (key.endsWith('9')) throw new Error('gone')
      return null
    },
    async replace () {},
    async list (after) { return after === undefined ? Array.from({ length: 20 }, (_, i) => 'identity:' + i) : [] }
  }`)
  const { exitCode, stderr } = await outcome(['report', '--store', module])
  t.match({ exitCode, stderr }, { exitCode: 1, stderr: /^fastify-verify-totp: gone \(stopped after the identity "8"\)\n$/ })
})

t.test('each command has a help text', async t => {
  for (const name of Object.keys(commands)) {
    const { exitCode, stdout } = await outcome([name, '--help'])
    t.equal(exitCode, 0)
    t.match(stdout, new RegExp(`^Usage: fastify-verify-totp ${name} `))
    t.ok(stdout.split('\n').every(line => line.length <= 120))
  }
})

t.test('import needs keys that open everything, from a file or the environment', async t => {
  const [from, to] = [await populated(t), await ownStore(t)]
  const { stdout } = await outcome(['export', ...from.args])
  const args = ['import', '--store', to.module]
  t.match(await outcome(args, { input: [stdout] }), {
    exitCode: 1, stderr: /import needs the keys: set TOTP_KEYS, or name their file with --keys/
  })
  const wrong = await outcome(args, { input: [stdout], env: { TOTP_KEYS: FRESH.toString('base64') } })
  t.match(wrong, { exitCode: 1, stderr: /"alice": a secret is sealed under a key that is not among "keys"\n/ })
  t.match(wrong.stderr, /3 identities: 3 refused/)
  await writeFile(join(from.folder, 'keys'), OLD, { mode: 0o600 })
  t.match(await outcome([...args, '--keys', join(from.folder, 'keys')], { input: [stdout] }), {
    exitCode: 0, stderr: '3 identities: 3 imported\n'
  })
})

t.test('report refuses what the keys don\'t open, if it has keys', async t => {
  const { args, folder } = await populated(t)
  t.match(await outcome(['report', ...args], { env: { TOTP_KEYS: KEYS } }), { exitCode: 0 })
  await writeFile(join(folder, 'keys'), FRESH, { mode: 0o600 })
  const { exitCode, stdout, stderr } = await outcome(['report', ...args, '--keys', join(folder, 'keys')])
  t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
  t.match(stderr, /3 identities: 3 refused/)
})
