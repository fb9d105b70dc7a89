import { execFileSync } from 'node:child_process'
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { lacking } from './example/programs.js'
import { freePort } from './free-port.js'
import { ROOT } from './root.js'

const NAME = 'fastify-verify-totp'
const DEPENDENCIES = ['@scure/base', '@sinclair/typebox', 'fastify-plugin', 'qrcode']
const FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
}

interface Application {
  readonly folder: string
  readonly files: readonly string[]
  readonly manifest: Manifest
}

/**
 * An application that has the packed package, its dependencies, what else is named, and nothing more. `x as
 * y` is installed under the other name.
 */
function installed (t: Test, others: readonly string[]): Application {
  // Outside the project, where its own node_modules don't help out.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `${NAME}-`)))
  t.teardown(() => rmSync(folder, { recursive: true }))
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) run(ROOT, 'npm', ['run', 'build'])
  const packed: Array<{ filename: string, files: Array<{ path: string }> }> = JSON.parse(
    run(ROOT, 'npm', ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', folder]))
  const [{ filename, files } = { filename: '', files: [] }] = packed

  const home = join(folder, 'node_modules', NAME)
  mkdirSync(home, { recursive: true })
  run(folder, 'tar', ['-xzf', join(folder, filename), '-C', home, '--strip-components=1'])
  const manifest: Manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  for (const dependency of [...Object.keys(manifest.dependencies), ...others]) {
    const [name = '', alias = name] = dependency.split(' as ')
    const link = join(folder, 'node_modules', alias)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  return { folder, files: files.map(({ path }) => path), manifest }
}

function run (cwd: string, command: string, args: readonly string[]): string {
  const { NODE_OPTIONS, ...env } = process.env
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs a module in the application's folder. What it prints last is its answer. */
function answerOf (folder: string, source: string): unknown {
  writeFileSync(join(folder, 'story.mjs'), source)
  return JSON.parse(run(folder, process.execPath, ['story.mjs']).trim().split('\n').at(-1) ?? '')
}

t.test('the package holds what is built and what is read, and nothing else', async t => {
  const { files, manifest } = installed(t, [])
  t.same(files.filter(file => !file.startsWith('dist/') && !FILES.includes(file)), [])
  for (const file of ['dist/index.js', 'dist/index.d.ts', 'package.json', 'LICENSE']) t.ok(files.includes(file), file)
  t.same(files.filter(file => /(?:^|\/)test\/|\.test\.|\.tsbuildinfo|example/.test(file)), [])
  t.same(Object.keys(manifest.dependencies).sort(), DEPENDENCIES)
  t.match(manifest.peerDependencies?.fastify, /^\^?5/, 'the framework is the application\'s')
  t.same(Object.keys(manifest.scripts ?? {}).filter(name => /^(pre|post)?install$/.test(name)), [], 'nothing runs at installation')
})

t.test('the packed package works where only its own dependencies are installed', async t => {
  const { folder } = installed(t, ['fastify', '@fastify/cookie', '@fastify/session', 'otpauth'])
  const answer = answerOf(folder, `
    import { randomBytes } from 'node:crypto'
    import { createRequire } from 'node:module'
    import cookie from '@fastify/cookie'
    import session from '@fastify/session'
    import Fastify from 'fastify'
    import { Secret, TOTP } from 'otpauth'
    import byDefault, { memoryStore, verifyTotp } from '${NAME}'

    const app = Fastify()
    await app.register(cookie)
    await app.register(session, { secret: randomBytes(32).toString('hex'), cookie: { secure: false } })
    await app.register(verifyTotp, {
      issuer: 'Acme', keys: [randomBytes(32)], store: memoryStore(), identify: request => request.session.userId
    })
    app.post('/login', async (request, reply) => {
      request.session.userId = 'alice'
      await app.totp.forget(request, reply)
      return {}
    })
    app.get('/vault', { preHandler: app.totp.required() }, async () => ({ vault: 'gold' }))

    let cookies = {}
    const statuses = []
    async function ask (method, url, payload) {
      const answer = await app.inject({ method, url, cookies, ...(payload ? { payload } : {}) })
      for (const { name, value } of answer.cookies) cookies = { ...cookies, [name]: value }
      statuses.push(answer.statusCode)
      return answer.payload === '' ? null : answer.json()
    }
    await ask('GET', '/vault')
    await ask('POST', '/login')
    await ask('GET', '/vault')
    const { factor, binding } = await ask('POST', '/totp/factors', {})
    const code = new TOTP({ secret: Secret.fromBase32(binding.secret) }).generate()
    await ask('POST', '/totp/factors/' + factor.sid + '/verify', { code })
    const { vault } = await ask('GET', '/vault')
    await ask('POST', '/totp/challenges', { code })
    await app.close()
    console.log(JSON.stringify({ statuses, vault, same: byDefault === verifyTotp }))
  `)
  t.same(answer, { statuses: [401, 200, 403, 201, 200, 200, 403], vault: 'gold', same: true })
})

/** The types that those of Express and its middlewares need. */
const TYPES = ['body-parser', 'connect', 'http-errors', 'mime', 'node', 'qs', 'range-parser', 'send']
  .filter(name => existsSync(join(ROOT, 'node_modules', '@types', name)))

/** The server of a team that has Express, and no Fastify. */
const EXPRESS_APP = `
  import { randomBytes } from 'node:crypto'
  import { once } from 'node:events'
  import { createServer } from 'node:http'
  import express, { type Request } from 'express'
  import session from 'express-session'
  import { createTotp, expressSession, memoryStore } from '${NAME}/connect'

  declare module 'express-session' {
    interface SessionData { userId?: string }
  }

  const app = express()
  const totp = createTotp({
    issuer: 'Acme', keys: [randomBytes(32)], store: memoryStore(), session: expressSession,
    identify: (req: Request) => req.session.userId
  })
  app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, saveUninitialized: false }))
  app.use(totp.routes())
  app.use(express.json())
  app.post('/login', (req, res, next) => {
    req.session.regenerate(error => {
      if (error) return next(error)
      req.session.userId = 'alice'
      totp.forget(req, res).then(() => res.sendStatus(204), next)
    })
  })
  app.get('/vault/:room', totp.required(), (req, res) => {
    const room: string = req.params.room
    res.json({ vault: room, factorSid: req.totp?.factorSid })
  })
  export const server = createServer(app).listen(0)
  await once(server, 'listening')
`

for (const version of ['5', '4']) {
  t.test(`an application with Express ${version} and without Fastify compiles, and runs`, async t => {
    const suffix = version === '5' ? '' : version
    const { folder } = installed(t, [
      `express${suffix} as express`, `@types/express${suffix} as @types/express`, 'express-session',
      '@types/express-session', 'undici-types', 'otpauth', ...TYPES.map(name => `@types/${name}`),
      ...version === '5' ? ['@types/express-serve-static-core', '@types/serve-static'] : []
    ])
    const program = join(folder, 'node_modules', NAME, 'dist', 'cli', 'main.js')
    t.match(run(folder, process.execPath, [program, 'report', '--help']), /Usage: fastify-verify-totp report/)
    t.throws(() => run(folder, process.execPath, [program, 'serve', '--port', '0']),
      { message: /fastify-verify-totp: serve needs the package fastify: npm install fastify/ })
    const kit = `import { testClock } from '${NAME}/testing'; console.log(JSON.stringify(testClock(60)()))`
    t.equal(answerOf(folder, kit), 60, 'the kit for tests needs no Fastify')
    // Nothing of the other door is loaded, so nothing that only it needs.
    for (const name of ['@sinclair', 'fastify-plugin']) rmSync(join(folder, 'node_modules', name), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const file = join(folder, 'app.ts')
    writeFileSync(file, EXPRESS_APP)
    const options: ts.CompilerOptions = {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts'],
      types: ['node'],
      typeRoots: [join(folder, 'node_modules', '@types')],
      strict: true,
      skipLibCheck: false,
      preserveSymlinks: true
    }
    const compiled = ts.createProgram([file], options)
    const sentences = ts.getPreEmitDiagnostics(compiled).map(({ file, messageText }) =>
      `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
    t.strictSame(sentences, [])
    t.notOk(compiled.getSourceFiles().some(({ fileName }) => /node_modules\/fastify\//.test(fileName)))
    compiled.emit()

    const answer = answerOf(folder, `
      import { Secret, TOTP } from 'otpauth'
      import { server } from './app.js'

      const origin = 'http://127.0.0.1:' + server.address().port
      let cookie = ''
      const statuses = []
      async function ask (method, path, body) {
        const headers = { cookie, ...(body ? { 'content-type': 'application/json' } : {}) }
        const answer = await fetch(origin + path, { method, headers, body: body && JSON.stringify(body) })
        cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
        statuses.push(answer.status)
        return await answer.json().catch(() => null)
      }
      await ask('GET', '/vault/1')
      await ask('POST', '/login')
      await ask('GET', '/vault/1')
      const { factor, binding } = await ask('POST', '/totp/factors', {})
      const code = new TOTP({ secret: Secret.fromBase32(binding.secret) }).generate()
      await ask('POST', '/totp/factors/' + factor.sid + '/verify', { code })
      const { vault, factorSid } = await ask('GET', '/vault/1')
      await ask('POST', '/totp/challenges', { code })
      server.close().closeAllConnections()
      console.log(JSON.stringify({ statuses, vault, same: factorSid === factor.sid }))
    `)
    t.same(answer, { statuses: [401, 204, 403, 201, 200, 200, 403], vault: '1', same: true })
  })
}

/** A page of a team that has no server of its own. */
const PAGE = `
  import { createTotpClient, withTotp } from '${NAME}/client'

  const answer = async () => Response.json({ factors: [] })
  export const totp = createTotpClient({ prefix: 'https://api.example/totp', fetch: answer })
  export const api = withTotp(fetch, { totp, ask: () => document.querySelector('input')?.value })
  const listed = await totp.factors()
  const factors = listed.ok ? listed.value.factors : []
  export const names: readonly string[] = factors.map(factor => factor.friendlyName)
  console.log(JSON.stringify(names))
`

t.test('a page compiles with the client, and runs where no dependency is installed', async t => {
  const { folder } = installed(t, [])
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const file = join(folder, 'page.ts')
  writeFileSync(file, PAGE)
  const { ModuleKind, ModuleResolutionKind } = ts
  for (const [module, moduleResolution] of [
    [ModuleKind.ESNext, ModuleResolutionKind.Bundler], [ModuleKind.NodeNext, ModuleResolutionKind.NodeNext]
  ] as const) {
    const program = ts.createProgram([file], {
      module,
      moduleResolution,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
      strict: true,
      skipLibCheck: false,
      preserveSymlinks: true
    })
    t.strictSame(ts.getPreEmitDiagnostics(program).map(({ file, messageText }) =>
      `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`), [])
    program.emit()
  }
  for (const name of ['@sinclair', '@scure', 'fastify-plugin', 'qrcode']) {
    rmSync(join(folder, 'node_modules', name), { recursive: true })
  }
  t.same(JSON.parse(run(folder, process.execPath, ['page.js'])), [])
})

t.test('importing the package loads no driver, no SDK and no QR code; the first enrollment loads the last', async t => {
  const { folder } = installed(t, ['fastify', 'pg'])
  const answer = answerOf(folder, `
    import { randomBytes } from 'node:crypto'
    import { createRequire } from 'node:module'
    const { cache } = createRequire(import.meta.url)
    const loaded = () => ['pg', 'twilio', 'ioredis', 'qrcode', '@fastify/type-provider-typebox']
      .filter(name => Object.keys(cache).some(file => file.includes('/node_modules/' + name + '/')))
    const { default: Fastify } = await import('fastify')
    const { memoryStore, postgresStore, verifyTotp } = await import('${NAME}')
    const imported = loaded()
    const app = Fastify()
    await app.register(verifyTotp, {
      issuer: 'Acme', keys: [randomBytes(32)], store: memoryStore(), identify: () => 'alice',
      session: { read () {}, write () {} }
    })
    await app.ready()
    postgresStore({ client: { query: async () => ({ rows: [] }) } })
    const booted = loaded()
    await app.inject({ method: 'POST', url: '/totp/factors', payload: {} })
    const enrolled = loaded()
    await import('pg')
    console.log(JSON.stringify({ imported, booted, enrolled, search: loaded() }))
  `)
  t.same(answer, { imported: [], booted: [], enrolled: ['qrcode'], search: ['pg', 'qrcode'] })
})

t.test('only what is exported can be imported', async t => {
  const { folder } = installed(t, ['fastify'])
  const answer = answerOf(folder, `
    const outcomes = {}
    for (const path of ['', '/package.json', '/dist/index.js', '/dist/seal.js', '/seal', '/dist/verifier/verifier.js']) {
      const options = path.endsWith('.json') ? { with: { type: 'json' } } : undefined
      outcomes[path] = await import('${NAME}' + path, options).then(() => 'there', error => error.code)
    }
    console.log(JSON.stringify(outcomes))
  `)
  const hidden = 'ERR_PACKAGE_PATH_NOT_EXPORTED'
  t.same(answer, {
    '': 'there',
    '/package.json': 'there',
    '/dist/index.js': hidden,
    '/dist/seal.js': hidden,
    '/seal': hidden,
    '/dist/verifier/verifier.js': hidden
  })
  t.ok(readdirSync(join(folder, 'node_modules', NAME, 'dist')).includes('index.d.ts'))
})

t.test('the command serves what Twilio\'s own library understands, and goes on after a restart', async t => {
  const { folder } = installed(t, ['fastify', 'twilio', 'otpauth'])
  const answer = answerOf(folder, `
    import { spawn } from 'node:child_process'
    import { once } from 'node:events'
    import { Secret, TOTP } from 'otpauth'
    import twilio from 'twilio'

    const bin = 'node_modules/${NAME}/dist/cli/main.js'
    async function serve (...args) {
      const child = spawn(process.execPath, [bin, 'serve', '--json', '--port', '0', '--data', 'kept', ...args])
      let [stdout, stderr] = ['', '']
      child.stderr.on('data', chunk => { stderr += chunk })
      const closed = once(child, 'close')
      await Promise.race([new Promise(resolve => child.stdout.on('data', chunk => {
        stdout += chunk
        if (stdout.endsWith('\\n')) resolve()
      })), closed])
      const end = async () => {
        child.kill('SIGTERM')
        const [exitCode] = await closed
        return { exitCode, stderr, lines: stdout.split('\\n').length - 1 }
      }
      return { ...JSON.parse(stdout || '{}'), end }
    }
    function entityAt ({ baseUrl, accountSid, authToken, serviceSid }) {
      const client = twilio(accountSid, authToken)
      client.verify.baseUrl = baseUrl
      return client.verify.v2.services(serviceSid).entities('alice-0001')
    }

    const first = await serve()
    const factor = await entityAt(first).newFactors.create({ friendlyName: 'Phone', factorType: 'totp' })
    const totp = new TOTP({ secret: Secret.fromBase32(factor.binding.secret) })
    const { status } = await entityAt(first).factors(factor.sid).update({ authPayload: totp.generate() })
    const ends = [await first.end()]

    const second = await serve()
    const authPayload = totp.generate({ timestamp: Date.now() + 30000 })
    const challenge = await entityAt(second).challenges.create({ factorSid: factor.sid, authPayload })
    ends.push(await second.end())
    const same = ['accountSid', 'authToken', 'serviceSid'].every(name => first[name] === second[name])
    const withoutPg = await serve('--database-url', 'postgres://127.0.0.1/verify')
    ends.push(await withoutPg.end())
    console.log(JSON.stringify({ status, challenge: challenge.status, same, ends }))
  `)
  t.same(answer, {
    status: 'verified',
    challenge: 'approved',
    same: true,
    ends: [
      { exitCode: 0, stderr: '', lines: 1 },
      { exitCode: 0, stderr: '', lines: 1 },
      { exitCode: 1, stderr: `${NAME}: PostgreSQL needs the package pg: npm install pg\n`, lines: 0 }
    ]
  })
})

t.test('the documented steps for CI start it, tell the tests, and end it', {
  skip: lacking('bash', 'setsid', 'timeout')
}, async t => {
  const { folder } = installed(t, ['fastify', 'twilio'])
  const bin = join(folder, 'node_modules', '.bin')
  mkdirSync(bin)
  // As npm does when it installs.
  symlinkSync(`../${NAME}/dist/cli/main.js`, join(bin, NAME))
  chmodSync(join(bin, NAME), 0o755)
  const page = readFileSync(join(ROOT, 'docs', 'stand-in.md'), 'utf8')
  const [, client = ''] = /```ts\n(import \{ readFileSync[^`]*verify\.json.*?)```/s.exec(page) ?? []
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  writeFileSync(join(folder, 'client.mjs'), ts.transpileModule(client, { compilerOptions }).outputText)
  writeFileSync(join(folder, 'test.mjs'), `
    import { client, service } from './client.mjs'
    const { sid } = await service.fetch()
    console.log(JSON.stringify({ sid, url: client.verify.baseUrl }))
  `)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { test: 'node test.mjs' } }))

  const [, shell = ''] = /```sh\n(set -e\n.*?)```/s.exec(page) ?? []
  const told = JSON.parse(run(folder, 'sh', ['-c', shell]).trim().split('\n').at(-1) ?? '')
  t.match(told, { sid: /^VA[0-9a-f]{32}$/, url: /^http:\/\/127\.0\.0\.1:\d+$/ })
  await t.rejects(fetch(told.url), 'and it is gone')

  const [, yaml = ''] = /```yaml\nsteps:\n(.*?)```/s.exec(page) ?? []
  const steps = [...yaml.matchAll(/- run: (.*)\n/g)].map(([, step = '']) => step)
  t.strictSame([steps.at(0), steps.at(-1)], ['npm ci', 'npm test'])
  const port = String(await freePort())
  const commands = steps.slice(1).map(step => step.replace('--json', `--json --port ${port}`))
  // Each step has a shell of its own; what is still running goes with the machine.
  const job = commands.map(command => `bash -e -c ${JSON.stringify(command)}`).join(' && ')
  const ended = run(folder, 'setsid', ['-w', 'bash', '-c', `${job}; trap '' TERM; kill 0`])
  t.match(JSON.parse(ended.trim().split('\n').at(-1) ?? ''), { url: `http://127.0.0.1:${port}` })
})

t.test('a store is proven, and gone through, with what the package brings', async t => {
  const { folder } = installed(t, ['fastify'])
  const answer = answerOf(folder, `
    import { memoryStore } from '${NAME}'
    import { countIdentities, report } from '${NAME}/operations'
    import { storeSuite } from '${NAME}/testing'

    const store = memoryStore()
    const guarantees = []
    storeSuite({ test: (name, verify) => { guarantees.push(verify) }, factory: () => store })
    for (const verify of guarantees) await verify()
    const reported = []
    for await (const { identity } of report({ store })) reported.push(identity)
    console.log(JSON.stringify({ guarantees: guarantees.length, count: await countIdentities({ store }), reported }))
  `)
  t.same(answer, { guarantees: 32, count: 0, reported: [] })
})

t.test('the command is there under the package\'s name, and runs as a program', async t => {
  const { folder, manifest } = installed(t, ['fastify'])
  t.same(manifest.bin, { [NAME]: 'dist/cli/main.js' })
  const program = join(folder, 'node_modules', NAME, 'dist/cli/main.js')
  t.match(readFileSync(program, 'utf8'), /^#!\/usr\/bin\/env node\n/)
  t.match(run(folder, process.execPath, [program, '--help']), /^Usage: fastify-verify-totp /)
})
