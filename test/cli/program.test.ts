import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { challenge, enroll } from './client.js'
import { program, programFromSource, serving } from './program.js'
import { temporaryFolder } from './environment.js'

t.test('it serves until a signal ends it, and says nothing else', async t => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const data = await temporaryFolder(t)
    const running = serving(t, data)
    const server = await running.server
    const { sid, status, nextCode } = await enroll(server, 'alice-0001')
    t.equal(status, 'verified')
    t.equal(await challenge(server, 'alice-0001', sid, nextCode()), 'approved')
    t.same(await running.end(signal), { exitCode: 0, stdout: `${JSON.stringify(server)}\n`, stderr: '' }, signal)
    t.same((await readdir(data)).sort(), ['credentials', 'documents', 'totp-keys'], 'the lock has gone')
  }
})

t.test('killed at any moment, it has what it answered, and starts again', async t => {
  const data = await temporaryFolder(t)
  const first = serving(t, data)
  const { sid, nextCode } = await enroll(await first.server, 'alice-0001')
  const code = nextCode()
  t.equal(await challenge(await first.server, 'alice-0001', sid, code), 'approved')
  t.match(await first.end('SIGKILL'), { exitCode: null, stderr: '' })
  t.ok((await readdir(data)).some(file => file.startsWith('lock-')), 'its lock is still there')

  const second = serving(t, data)
  t.same({ ...await second.server, baseUrl: '' }, { ...await first.server, baseUrl: '' })
  t.equal(await challenge(await second.server, 'alice-0001', sid, code), 'pending', 'a code that was used stays used')
  t.match(await second.end('SIGTERM'), { exitCode: 0, stderr: '' })
})

t.test('two processes don\'t use one directory', async t => {
  const data = await temporaryFolder(t)
  const first = serving(t, data)
  const { accountSid, authToken } = await first.server
  const second = await serving(t, data).ended
  t.match(second, { exitCode: 1, stdout: '' })
  t.match(second.stderr, new RegExp(`^fastify-verify-totp: process ${first.pid} uses the data directory .*--data.*\n$`))
  for (const secret of [accountSid, authToken]) t.notMatch(second.stderr, secret)
  t.equal((await enroll(await first.server, 'alice-0001')).status, 'verified', 'the first one goes on')
})

t.test('of many that start at once in an empty directory at most one runs', async t => {
  const data = await temporaryFolder(t)
  const starts = Array.from({ length: 4 }, () => serving(t, data))
  const outcomes = await Promise.allSettled(starts.map(async ({ server }) => await server))
  t.ok(outcomes.filter(({ status }) => status === 'fulfilled').length <= 1)
  for (const [i, { status }] of outcomes.entries()) {
    if (status === 'rejected') t.match(await starts[i]?.ended, { exitCode: 1, stdout: '', stderr: /^.* uses the data directory .*\n$/ })
  }
})

t.test('what it doesn\'t understand ends it with exit code 2', async t => {
  for (const args of [[], ['dance'], ['serve', '--dance'], ['serve', '--host', '0.0.0.0']]) {
    const { exitCode, stdout, stderr } = await program(t, args).ended
    t.match({ exitCode, stdout }, { exitCode: 2, stdout: '' })
    t.match(stderr, /^fastify-verify-totp: .*\n$/)
    t.equal(stderr.split('\n').length, 2)
  }
})

t.test('it knows its version and its commands', async t => {
  t.match(await program(t, ['--version']).ended, { exitCode: 0, stdout: /^[0-9.]+\n$/ })
  t.match(await programFromSource(t, ['--help']).ended, { exitCode: 0, stdout: /\n {2}serve +\S/ })
})

t.test('an output that takes nothing ends it; of a full disk it is said', async t => {
  const source = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const full = await open('/dev/full', 'w')
  t.teardown(async () => await full.close())
  for (const [stdout, said] of [[full.fd, /^fastify-verify-totp: ENOSPC.*\n$/], ['pipe', /^$/]] as const) {
    const child = spawn(process.execPath, [...process.execArgv, source, '--help'], { stdio: ['ignore', stdout, 'pipe'] })
    child.stdout?.destroy()
    const ended = once(child, 'close')
    t.match(child.stderr === null ? null : await text(child.stderr), said)
    t.same(await ended, [1, null])
  }
})
