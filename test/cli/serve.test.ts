import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../src/cli/command.js'
import { serveCommand } from '../../src/cli/serve/serve.js'
import { freePort } from '../free-port.js'
import { challenge, enroll, printed, serviceOf, type Printed } from './client.js'
import { temporaryFolder, testEnvironment } from './environment.js'

interface Served {
  readonly server: Printed
  /** The output so far. */
  readonly written: { readonly stdout: string, readonly stderr: string }
  end (signal?: 'SIGINT' | 'SIGTERM'): Promise<number>
}

/** A server in this process. It stops when the test ends. */
async function served (t: Test, args: readonly string[], env: Record<string, string> = {}): Promise<Served> {
  const environment = testEnvironment(env)
  const exitCode = runCommand({ serve: serveCommand }, ['serve', '--port', '0', '--json', ...args], environment)
  t.teardown(async () => {
    environment.emit('SIGTERM')
    await exitCode
  })
  await Promise.race([environment.printed, exitCode])
  if (environment.written.stdout === '') throw new Error(environment.written.stderr)
  return {
    server: printed(environment.written.stdout),
    written: environment.written,

    async end (signal = 'SIGTERM') {
      environment.emit(signal)
      return await exitCode
    }
  }
}

/** The outcome of a start that fails. */
async function failed (args: readonly string[], env: Record<string, string> = {}) {
  const environment = testEnvironment(env)
  return { exitCode: await runCommand({ serve: serveCommand }, ['serve', '--port', '0', ...args], environment), ...environment.written }
}

async function portOf (server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? String(address.port) : ''
}

t.test('the first start creates credentials, a service and a key, and prints what clients need', async t => {
  const data = join(await temporaryFolder(t), 'a', 'b')
  const { server, written } = await served(t, ['--data', data])
  t.same(Object.keys(server), ['baseUrl', 'accountSid', 'authToken', 'serviceSid'])
  t.match(server, {
    baseUrl: /^http:\/\/127\.0\.0\.1:[0-9]+$/,
    accountSid: /^AC[0-9a-f]{32}$/,
    authToken: /^[0-9a-f]{64}$/,
    serviceSid: /^VA[0-9a-f]{32}$/
  })
  t.equal(written.stderr, '')
  t.equal((await serviceOf(server).fetch()).friendlyName, 'Development')

  const { sid, status, nextCode } = await enroll(server, 'alice-0001')
  t.equal(status, 'verified')
  const code = nextCode()
  t.equal(await challenge(server, 'alice-0001', sid, code), 'approved')
  t.equal(await challenge(server, 'alice-0001', sid, code), 'pending', 'a code works once')
})

t.test('each data directory has its own credentials', async t => {
  const [one, two] = [
    await served(t, ['--data', await temporaryFolder(t)]), await served(t, ['--data', await temporaryFolder(t)])
  ]
  for (const name of ['accountSid', 'authToken', 'serviceSid'] as const) t.not(one.server[name], two.server[name])
  const stranger = serviceOf({ ...two.server, baseUrl: one.server.baseUrl })
  t.match(await stranger.fetch().catch(error => error), { status: 401, code: 20003 })
})

t.test('only the owner can read the data, and only the key file has a secret in clear', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const { server } = await served(t, ['--data', data])
  const { secret } = await enroll(server, 'alice-0001')
  t.equal((await stat(data)).mode & 0o777, 0o700)
  const entries = await readdir(data, { recursive: true })
  t.ok(entries.length >= 6)
  for (const entry of entries) {
    const status = await stat(join(data, entry))
    t.equal(status.mode & 0o777, status.isDirectory() ? 0o700 : 0o600, entry)
    const text = status.isDirectory() ? '' : await readFile(join(data, entry), 'utf8')
    t.notMatch(text, server.authToken)
    t.notMatch(text, secret)
  }
})

t.test('later starts use the same credentials, service and factors', async t => {
  const data = await temporaryFolder(t)
  const first = await served(t, ['--data', data])
  const { sid, nextCode } = await enroll(first.server, 'alice-0001')
  t.equal(await first.end('SIGINT'), 0)
  const second = await served(t, ['--data', data])
  t.same({ ...second.server, baseUrl: '' }, { ...first.server, baseUrl: '' })
  t.equal(await challenge(second.server, 'alice-0001', sid, nextCode()), 'approved')
})

t.test('a deleted service is replaced at the next start', async t => {
  const data = await temporaryFolder(t)
  const first = await served(t, ['--data', data])
  await serviceOf(first.server).remove()
  await first.end()
  const second = await served(t, ['--data', data])
  t.not(second.server.serviceSid, first.server.serviceSid)
  t.equal((await serviceOf(second.server).fetch()).friendlyName, 'Development')
  await second.end()
  t.equal((await served(t, ['--data', data])).server.serviceSid, second.server.serviceSid)
})

t.test('without --json it prints the same, and how to use it', async t => {
  const data = await temporaryFolder(t)
  const environment = testEnvironment()
  const exitCode = runCommand({ serve: serveCommand }, ['serve', '--port', '0', '--data', data], environment)
  await environment.printed
  environment.emit('SIGTERM')
  t.equal(await exitCode, 0)
  const { server } = await served(t, ['--data', data])
  const { stdout, stderr } = environment.written
  const [, baseUrl = ''] = /^Verify v2 is served at (http:\S+)\n/.exec(stdout) ?? []
  t.match(stdout, `  account sid  ${server.accountSid}\n  auth token   ${server.authToken}\n  service sid  ${server.serviceSid}\n`)
  t.match(stdout, `client.verify.baseUrl = '${baseUrl}'\n`)
  t.equal(stderr, '')
})

t.test('--help prints the help and does nothing else', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const { exitCode, stdout } = await failed(['--data', data, '--help'])
  t.equal(exitCode, 0)
  for (const option of ['host', 'port', 'behind-tls', 'data', 'database-url', 'json', 'help']) {
    t.match(stdout, `  --${option} `)
  }
  t.match(stdout, 'TOTP_KEYS')
  await t.rejects(stat(data), { code: 'ENOENT' })
})

t.test('behind a TLS proxy, URLs have the origin that clients see', async t => {
  const port = String(await freePort())
  const { server } = await served(t, [
    '--data', await temporaryFolder(t), '--host', '0.0.0.0', '--port', port, '--behind-tls', 'https://verify.example'
  ])
  t.equal(server.baseUrl, 'https://verify.example')
  const service = await serviceOf({ ...server, baseUrl: `http://127.0.0.1:${port}` }).fetch()
  t.equal(service.url, `https://verify.example/v2/Services/${server.serviceSid}`)
})

t.test('behind a TLS proxy, the output says where it must send requests', async t => {
  const environment = testEnvironment()
  const exitCode = runCommand({ serve: serveCommand }, [
    'serve', '--port', '0', '--data', await temporaryFolder(t), '--behind-tls', 'https://verify.example'
  ], environment)
  await environment.printed
  environment.emit('SIGTERM')
  t.equal(await exitCode, 0)
  t.match(environment.written.stdout, /^Verify v2 is served at https:\/\/verify\.example; its proxy must send requests to http:\/\/127\.0\.0\.1:\d+\n/)
})

t.test('without a TLS proxy, an address that other machines can reach is rejected before anything is created', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const { exitCode, stdout, stderr } = await failed(['--data', data, '--host', '0.0.0.0'])
  t.equal(exitCode, 2)
  t.equal(stdout, '')
  t.match(stderr, /^fastify-verify-totp: --host must be a loopback address.*\n$/)
  await t.rejects(stat(data), { code: 'ENOENT' })
})

t.test('a port in use is reported in one line, and the directory is unlocked', async t => {
  const occupant = createServer()
  t.teardown(() => occupant.close())
  const port = await portOf(occupant)
  const data = await temporaryFolder(t)
  const { exitCode, stdout, stderr } = await failed(['--data', data, '--port', port])
  t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
  t.match(stderr, new RegExp(`^fastify-verify-totp: the server can't listen on port ${port} of 127\\.0\\.0\\.1, .*--port.*EADDRINUSE.*\n$`))
  t.notOk((await readdir(data)).some(file => file.startsWith('lock-')))
  t.ok(await served(t, ['--data', data]))
})

t.test('an unusable data directory is reported in one line', async t => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'file')
  await writeFile(file, '')
  const fails = async (data: string, reason: RegExp, env: Record<string, string> = {}) => {
    const { exitCode, stdout, stderr } = await failed(['--data', data], env)
    t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
    t.match(stderr, reason)
    t.equal(stderr.split('\n').length, 2)
  }
  await fails(file, /^fastify-verify-totp: the data directory \S+ can't be used: EEXIST/)
  await fails(join(file, 'below'), /^fastify-verify-totp: the data directory \S+ can't be used: ENOTDIR/)
  const key = { TOTP_KEYS: Buffer.from('k'.repeat(31) + 'l').toString('base64') }
  await fails(file, /^fastify-verify-totp: the data directory \S+ can't be used: EEXIST/, key)

  const occupied = await temporaryFolder(t)
  await served(t, ['--data', occupied])
  await fails(occupied, /can't be used: EEXIST/)

  const broken = await temporaryFolder(t)
  await mkdir(join(broken, 'credentials'))
  await (await served(t, ['--data', broken])).end()
  const [name = ''] = await readdir(join(broken, 'credentials'))
  await writeFile(join(broken, 'credentials', name), '{"key":"credentials","document":{"authToken":"hunter2')
  await fails(broken, /^fastify-verify-totp: the credentials can't be read: the file .* doesn't hold the document/)
  await writeFile(join(broken, 'totp-keys'), 'hunter2')
  await fails(broken, /totp-keys must be keys/)
})

t.test('the key can come from the environment, and must stay the same', async t => {
  const data = await temporaryFolder(t)
  const [one, two] = ['a', 'b'].map(letter => Buffer.from(letter.repeat(31) + 'z').toString('base64'))
  const first = await served(t, ['--data', data], { TOTP_KEYS: one ?? '' })
  await first.end()
  t.notOk((await readdir(data)).includes('totp-keys'))
  for (const env of [{ TOTP_KEYS: two ?? '' }, {}]) {
    const { exitCode, stderr } = await failed(['--data', data], env)
    t.equal(exitCode, 1)
    t.match(stderr, /^fastify-verify-totp: .*another key.*\n$/)
    t.notMatch(stderr, two)
  }
  const second = await served(t, ['--data', data], { TOTP_KEYS: `${two},${one}` })
  t.equal(second.server.authToken, first.server.authToken)
  const { exitCode, stderr } = await failed([], { TOTP_KEYS: '' })
  t.match({ exitCode, stderr }, { exitCode: 1, stderr: /TOTP_KEYS must be keys/ })
})

t.test('an unreachable database is reported in one line, without its password', async t => {
  const data = await temporaryFolder(t)
  const { exitCode, stdout, stderr } = await failed([
    '--data', data, '--database-url', 'postgres://alice:hunter2@127.0.0.1:1/verify?application_name=hunter2'
  ])
  t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
  t.match(stderr, /^fastify-verify-totp: the database at 127\.0\.0\.1:1 can't be used: .*ECONNREFUSED.*\n$/)
  t.notMatch(stderr, 'hunter2')
  t.notMatch(stderr, 'alice')
})

t.test('the server stops without waiting for an unfinished request', async t => {
  const { server, end } = await served(t, ['--data', await temporaryFolder(t)])
  const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  const head = 'POST /v2/Services HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 10\r\n' +
    `authorization: Basic ${Buffer.from(`${server.accountSid}:${server.authToken}`).toString('base64')}\r\n\r\n`
  socket.write(head)
  socket.on('error', () => {})
  const [answer] = await once(socket, 'data')
  t.match(String(answer), '100 Continue', 'the server waits for the rest')
  t.equal(await end(), 0)
})
