import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { applicationFolder, copyPackages, packagesIn } from './application-folder.js'
import { block, blocks, transpiled } from './pages.js'
import { compiled } from './program.js'
import { isFastifyRecipe } from './recipe-packages.js'
import { tellApiStory } from './api-story.js'
import { enrolled, next, running, started } from './running-server.js'

const { RECIPES = '' } = process.env
const PAGE = 'docs/other-libraries.md'
/** What an application has beside the package: one Fastify for all. */
const OURS = ['fastify', 'fastify-plugin', 'otpauth', '@fastify/cookie', '@fastify/session', '@types/node', 'undici-types']

/** A folder outside the project, as of a team that has installed all of it. */
function teamFolder (t: Test): string {
  const folder = applicationFolder(t, OURS)
  copyPackages(folder, RECIPES, packagesIn(RECIPES).filter(name => !OURS.includes(name)))
  return folder
}

t.test('the recipes for other libraries', {
  skip: RECIPES === '' && 'needs RECIPES, a node_modules with the packages that the recipes are for'
}, async t => {
  const folder = teamFolder(t)
  const serverIn = (text: string) => transpiled(block(PAGE, text).code.replace('port: 3000', 'port: 0')) +
    '\nprocess.send(app.addresses()[0].port)\n'

  t.test('they compile', async t => {
    // @fastify/jwt and @fastify/passport both declare the user of a request, and the first one counts.
    for (const isOnPage of [true, false]) {
      const recipes = blocks.filter(block => isFastifyRecipe(block) && (block.page === PAGE) === isOnPage)
      t.ok(recipes.length > 0)
      t.strictSame(compiled(recipes, folder).faults, [])
    }
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

  t.test('a JWT that carries its mark', async t => {
    const code = transpiled(block('docs/apis.md', 'app.jwt.sign').code.replace('port: 3000', 'port: 0'))
    const server = await running(t, folder, `${code}\nprocess.send(app.addresses()[0].port)\n`)
    await tellApiStory(t, server.client())
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
