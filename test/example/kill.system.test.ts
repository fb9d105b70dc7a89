import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../free-port.js'
import { runExample, startExample, temporaryFolder, type Ended } from './example-server.js'

// The example starts a dozen times, the first time without a database: it makes its own.
t.setTimeout(1_800_000)

const folder = await temporaryFolder(t)
const dataDir = join(folder, 'data')

/** Where it runs, or how it ended instead. */
async function outcome ({ url, ended }: ReturnType<typeof runExample>): Promise<string | Ended> {
  return await Promise.race([url, ended])
}

t.test('a kill loses no factor, no spent code, no count and no session, and brings no session back', async t => {
  const first = await startExample(t, { dataDir, port: await freePort() })
  const alice = await first.login('alice')
  const at = first.now()
  const factor = await alice.enrollVerified(at)
  const spent = factor.code(at)
  const bob = await first.login('bob')
  await bob.enrollVerified(first.now())
  const stolen = bob.copy()
  t.match(await bob.logout(), { status: 204 })
  const another = await first.login('alice')
  for (let wrong = 1; wrong <= 3; wrong++) {
    t.match(await another.challenge(factor.wrongCode(first.now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  }

  await first.end('SIGKILL')
  const second = await startExample(t, { dataDir, port: first.port })
  t.match(await stolen.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }, 'a log-out that came before the kill holds')
  t.match(await alice.vault(), { status: 200 }, 'alice is still logged in, and approved')
  t.match(await another.challenge(spent), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await another.challenge(factor.wrongCode(second.now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await another.challenge(factor.code(second.now() + 30)), { status: 429, code: 'ERR_TOTP_LOCKED' },
    'the fifth wrong code locks, three of them before the kill')
  t.match(await alice.vault(), { status: 200 })

  await second.end('SIGKILL')
  const third = await startExample(t, { dataDir, port: first.port, later: 120 })
  t.match(await another.challenge(factor.code(third.now())), { status: 200 }, 'the factor is still there')
  t.match(await another.vault(), { status: 200 })

  await another.slow('POST', '/totp/challenges', { code: '123456' })
  t.match(await third.end('SIGINT'), { exitCode: 0, stderr: '' }, 'an interrupt ends it cleanly, in the middle of a request too')
})

t.test('the data folder is its owner\'s alone, and one process\'s', async t => {
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  const locks = async () => (await readdir(dataDir)).filter(name => name.startsWith('lock-'))
  const server = await startExample(t, { dataDir })

  t.equal(await mode(dataDir), '700')
  t.equal(await mode(join(dataDir, 'session-secret')), '600')
  t.equal(await mode(join(dataDir, 'totp-keys')), '600')

  const refusal = new RegExp(`^.*process ${server.pid} uses the data folder .*\n$`)
  t.match(await outcome(runExample(t, { DATA_DIR: dataDir, PORT: '0' })), { exitCode: 1, stdout: '', stderr: refusal })
  t.match(await server.guest().login('alice'), { status: 200 }, 'the first one runs on')

  await server.end('SIGKILL')
  t.equal((await locks()).length, 1, 'a kill leaves the lock behind')
  await writeFile(join(dataDir, `lock-${process.pid}-1`), '')
  const many = Array.from({ length: 3 }, () => runExample(t, { DATA_DIR: dataDir, PORT: '0' }))
  const urls = (await Promise.all(many.map(outcome))).filter(outcome => typeof outcome === 'string')
  t.ok(urls.length <= 1, 'of several that find the lock of the dead, no two take it over')
  for (const { pid, ended } of many) {
    try {
      process.kill(pid, 'SIGTERM')
    } catch {}
    t.match(await ended, { exitCode: /[01]/ })
  }

  const last = await startExample(t, { dataDir })
  t.same((await locks()).length, 1, 'the locks of the dead are gone, and of one whose id is another process\'s now')
  const { exitCode, stdout, stderr } = await last.end('SIGTERM')
  t.match({ exitCode, stderr }, { exitCode: 0, stderr: '' })
  t.match(stdout, /^.*http:\/\/127\.0\.0\.1:\d+\/\n$/, 'it prints one line')
  t.same(await locks(), [], 'a clean end leaves no lock')
})

t.test('an invalid variable stops the start with one line that names it', async t => {
  const folder = await temporaryFolder(t)
  const wrong = [['PORT', 'http'], ['REDIS_URL', 'http://127.0.0.1'], ['LOG_LEVEL', 'loud']] as const
  for (const [name, value] of wrong) {
    const { exitCode, stdout, stderr } = await runExample(t, { DATA_DIR: folder, [name]: value }).ended
    t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
    t.match(stderr, new RegExp(`^fastify-verify-totp example: ${name} .*\n$`))
  }
  t.same(await readdir(folder), [], 'nothing was made')
})

t.test('what can\'t work is told in one line too', async t => {
  const folder = await temporaryFolder(t)
  const { exitCode, stderr } = await runExample(t, {
    DATA_DIR: folder, PORT: '0', DATABASE_URL: 'postgres://127.0.0.1:1/none'
  }).ended
  t.equal(exitCode, 1)
  t.match(stderr, /^fastify-verify-totp example: .*ECONNREFUSED.*\n$/)
  await writeFile(join(folder, 'totp-keys'), '')
  const damaged = await runExample(t, { DATA_DIR: folder, PORT: '0' }).ended
  t.match(damaged, { exitCode: 1, stderr: /totp-keys must be keys/ }, 'a damaged key file is not replaced')
})
