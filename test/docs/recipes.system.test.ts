import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { authenticator } from '../authenticator.js'
import { block, blocks, transpiled } from './pages.js'
import { compiled } from './program.js'
import { isRecipe } from './recipe-packages.js'
import { ROOT } from '../root.js'

const { RECIPES = '' } = process.env
const PAGE = 'docs/other-libraries.md'
/** What an application has beside the package: one Fastify for all. */
const OURS = ['fastify', 'fastify-plugin', 'otpauth', '@fastify/cookie', '@fastify/session', '@types/node', 'undici-types']

const ENV = {
  SESSION_SECRET: 'a secret that is for tests alone, and long',
  JWT_SECRET: 'another secret that is for tests alone',
  TOTP_KEYS: Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')
}

/** A folder outside the project, as of a team that has installed all of it. */
function teamFolder (t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'recipes-')))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const modules = join(folder, 'node_modules')
  cpSync(RECIPES, modules, { recursive: true, dereference: true, filter: path => !isOurs(path) })
  for (const name of OURS) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  symlinkSync(ROOT, join(modules, 'fastify-verify-totp'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

function isOurs (path: string): boolean {
  return [...OURS, 'fastify-verify-totp', '.bin'].some(name => path === join(RECIPES, name))
}

/** A program, and how one talks to it as a client that keeps what it is given: cookies, and a token. */
async function started (t: Test, folder: string, code: string) {
  const file = join(folder, `server-${randomUUID()}.mjs`)
  writeFileSync(file, code)
  const { NODE_OPTIONS, ...env } = process.env
  const server = fork(file, { cwd: folder, env: { ...env, ...ENV }, execArgv: [] })
  t.teardown(() => { server.kill('SIGKILL') })
  const [port] = await once(server, 'message')
  const origin = `http://127.0.0.1:${String(port)}`
  const cookies = new Map<string, string>()
  let token = ''

  return async (method: 'GET' | 'POST', path: string, body?: object) => {
    const answer = await fetch(origin + path, {
      method,
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const text = await answer.text()
    const json = text.startsWith('{') ? JSON.parse(text) : {}
    token = json.token ?? token
    return { status: answer.status, json }
  }
}

type Ask = Awaited<ReturnType<typeof started>>

/** Codes of the present step and of the next one: both are still right when the next one begins meanwhile. */
const now = () => Math.floor(Date.now() / 1000)
const next = () => now() + 30

/** Enrolls with the code of the present step. */
async function enrolled (ask: Ask) {
  const { json: { factor, binding } } = await ask('POST', '/totp/factors', {})
  const phone = authenticator(binding.secret)
  await ask('POST', `/totp/factors/${factor.sid}/verify`, { code: phone.code(now()) })
  return phone
}

t.test('the recipes for other libraries', {
  skip: RECIPES === '' && 'needs RECIPES, a node_modules with the packages that the recipes are for'
}, async t => {
  const folder = teamFolder(t)
  const serverIn = (text: string) => transpiled(block(PAGE, text).code.replace('port: 3000', 'port: 0')) +
    '\nprocess.send(app.addresses()[0].port)\n'

  t.test('they compile', async t => {
    t.strictSame(compiled(blocks.filter(isRecipe), folder).faults, [])
  })

  t.test('passport', async t => {
    const ask = await started(t, folder, serverIn('passport.authenticate'))
    t.match(await ask('GET', '/vault'), { status: 401 })
    t.match(await ask('POST', '/login', { username: 'alice' }), { status: 200, json: { identity: 'alice' } })
    t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_NOT_ENROLLED' } })
    const phone = await enrolled(ask)
    t.match(await ask('GET', '/vault'), { status: 200 })
    await ask('POST', '/login', { username: 'alice' })
    t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_CHALLENGE_REQUIRED' } })
    t.match(await ask('POST', '/totp/challenges', { code: phone.code(next()) }), { status: 200 })
    t.match(await ask('GET', '/vault'), { status: 200 })
    t.match(await ask('POST', '/logout'), { status: 204 })
    t.match(await ask('GET', '/vault'), { status: 401 })
  })

  t.test('a JWT keeps its approval when it is refreshed, and another login has to answer a challenge', async t => {
    const ask = await started(t, folder, serverIn('jwtVerify'))
    t.match(await ask('GET', '/vault'), { status: 401, json: { code: 'ERR_TOTP_UNIDENTIFIED' } })
    t.match(await ask('POST', '/login', { username: 'alice' }), { status: 200 })
    t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_NOT_ENROLLED' } })
    const phone = await enrolled(ask)
    t.match(await ask('GET', '/vault'), { status: 200 })
    t.match(await ask('POST', '/refresh'), { status: 200 })
    t.match(await ask('GET', '/vault'), { status: 200 })
    await ask('POST', '/login', { username: 'alice' })
    t.match(await ask('GET', '/vault'), { status: 401, json: { code: 'ERR_TOTP_CHALLENGE_REQUIRED' } })
    t.match(await ask('POST', '/totp/challenges', { code: phone.code(next()) }), { status: 200 })
    t.match(await ask('GET', '/vault'), { status: 200 })
    t.match(await ask('POST', '/logout'), { status: 204 })
    t.match(await ask('GET', '/vault'), { status: 401 })
  })

  t.test('GraphQL and websockets', async t => {
    writeFileSync(join(folder, 'graphql.mjs'), transpiled(block(PAGE, 'ErrorWithProps').code))
    writeFileSync(join(folder, 'ticker.mjs'), transpiled(block(PAGE, 'socket.on').code))
    const ask = await started(t, folder, `
      import { randomBytes } from 'node:crypto'
      import cookie from '@fastify/cookie'
      import session from '@fastify/session'
      import websocket from '@fastify/websocket'
      import Fastify from 'fastify'
      import verifyTotp, { memoryStore } from 'fastify-verify-totp'
      import WebSocket from 'ws'
      import { graphql } from './graphql.mjs'
      import { ticker } from './ticker.mjs'

      const app = Fastify()
      await app.register(websocket)
      await app.register(cookie)
      await app.register(session, {
        secret: process.env.SESSION_SECRET, cookie: { secure: false }, rolling: false, saveUninitialized: false
      })
      await app.register(verifyTotp, {
        issuer: 'Acme', keys: [randomBytes(32)], store: memoryStore(), identify: request => request.session.userId
      })
      app.post('/login', async (request, reply) => {
        await request.session.regenerate()
        request.session.userId = 'alice'
        await app.totp.forget(request, reply)
        return {}
      })
      app.post('/revoke', async () => { await app.totp.revoke('alice') })
      await graphql(app)
      await ticker(app)
      // A client of the socket in the same process: what it hears is what a route answers.
      let socket
      const heard = []
      app.post('/open', async request => {
        const { cookie } = request.headers
        socket = new WebSocket(\`ws://127.0.0.1:\${app.addresses()[0].port}/ticker\`, { headers: { cookie } })
        return await new Promise(resolve => {
          socket.on('open', () => resolve({ opened: true }))
          socket.on('error', error => resolve({ error: error.message }))
        })
      })
      app.post('/say', async () => await new Promise(resolve => {
        socket.once('message', data => resolve({ heard: String(data) }))
        socket.once('close', (code, reason) => resolve({ closed: code, reason: String(reason) }))
        socket.send('gold')
      }))
      await app.listen({ port: 0 })
      process.send(app.addresses()[0].port)
    `)
    const query = async () => await ask('POST', '/graphql', { query: '{ inbox vault }' })
    t.match(await query(), { json: { errors: [{ extensions: { code: 'ERR_TOTP_UNIDENTIFIED' } }] } })
    await ask('POST', '/login')
    t.match(await query(), { json: { errors: [{ extensions: { code: 'ERR_TOTP_NOT_ENROLLED' } }] } })
    t.match(await ask('POST', '/open'), { json: { error: /403/ } })
    await enrolled(ask)
    t.match(await query(), { json: { data: { inbox: 'empty', vault: 'gold' } } })
    t.match(await ask('POST', '/open'), { json: { opened: true } })
    t.match(await ask('POST', '/say'), { json: { heard: 'price of gold' } })
    await ask('POST', '/revoke')
    t.match(await ask('POST', '/say'), { json: { closed: 1008, reason: 'ERR_TOTP_CHALLENGE_REQUIRED' } })
  })
})
