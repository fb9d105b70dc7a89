import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { challenge, enroll } from './client.js'
import { PROGRAM, program, serving, watchedProgram } from './program.js'
import { temporaryFolder } from './environment.js'

t.test('the program serves until a signal stops it, and prints nothing else', async t => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const data = await temporaryFolder(t)
    const running = serving(t, data)
    const server = await running.server
    const { sid, status, nextCode } = await enroll(server, 'alice-0001')
    t.equal(status, 'verified')
    t.equal(await challenge(server, 'alice-0001', sid, nextCode()), 'approved')
    t.same(await running.end(signal), { exitCode: 0, stdout: `${JSON.stringify(server)}\n`, stderr: '' }, signal)
    t.same((await readdir(data)).sort(), ['credentials', 'documents', 'totp-keys'], 'the lock is gone')
  }
})

t.test('after a kill everything that was answered is stored, and the program starts again', async t => {
  const data = await temporaryFolder(t)
  const first = serving(t, data)
  const { sid, nextCode } = await enroll(await first.server, 'alice-0001')
  const code = nextCode()
  t.equal(await challenge(await first.server, 'alice-0001', sid, code), 'approved')
  t.match(await first.end('SIGKILL'), { exitCode: null, stderr: '' })
  t.ok((await readdir(data)).some(file => file.startsWith('lock-')), 'its lock is still there')

  const second = serving(t, data)
  t.same({ ...await second.server, baseUrl: '' }, { ...await first.server, baseUrl: '' })
  t.equal(await challenge(await second.server, 'alice-0001', sid, code), 'pending', 'a used code stays used')
  t.match(await second.end('SIGTERM'), { exitCode: 0, stderr: '' })
})

t.test('two processes can\'t use one directory', async t => {
  const data = await temporaryFolder(t)
  const first = serving(t, data)
  const { accountSid, authToken } = await first.server
  const second = await serving(t, data).ended
  t.match(second, { exitCode: 1, stdout: '' })
  t.match(second.stderr, new RegExp(`^fastify-verify-totp: process ${first.pid} is already using the data directory .*--data.*\n$`))
  for (const secret of [accountSid, authToken]) t.notMatch(second.stderr, secret)
  t.equal((await enroll(await first.server, 'alice-0001')).status, 'verified', 'the first one keeps running')
})

t.test('of several processes that start at the same time in an empty directory at most one runs', async t => {
  const data = await temporaryFolder(t)
  const starts = Array.from({ length: 4 }, () => serving(t, data))
  const outcomes = await Promise.allSettled(starts.map(async ({ server }) => await server))
  t.ok(outcomes.filter(({ status }) => status === 'fulfilled').length <= 1)
  for (const [i, { status }] of outcomes.entries()) {
    if (status === 'rejected') t.match(await starts[i]?.ended, { exitCode: 1, stdout: '', stderr: /^.* is already using the data directory .*\n$/ })
  }
})

t.test('a usage error exits with 2', async t => {
  for (const args of [[], ['dance'], ['serve', '--dance'], ['serve', '--host', '0.0.0.0']]) {
    const { exitCode, stdout, stderr } = await program(t, args).ended
    t.match({ exitCode, stdout }, { exitCode: 2, stdout: '' })
    t.match(stderr, /^fastify-verify-totp: .*\n$/)
    t.equal(stderr.split('\n').length, 2)
  }
})

t.test('the program prints its version and its commands', async t => {
  t.match(await program(t, ['--version']).ended, { exitCode: 0, stdout: /^[0-9.]+\n$/ })
  t.match(await watchedProgram(t, ['--help']).ended, { exitCode: 0, stdout: /\n {2}serve +\S/ })
})

t.test('a closed output ends the program silently, a full disk with a message', async t => {
  const full = await open('/dev/full', 'w')
  t.teardown(async () => await full.close())
  for (const [stdout, said] of [[full.fd, /^fastify-verify-totp: ENOSPC.*\n$/], ['pipe', /^$/]] as const) {
    const child = spawn(process.execPath, [...process.execArgv, PROGRAM, '--help'], { stdio: ['ignore', stdout, 'pipe'] })
    child.stdout?.destroy()
    const ended = once(child, 'close')
    t.match(child.stderr === null ? null : await text(child.stderr), said)
    t.same(await ended, [1, null])
  }
})
