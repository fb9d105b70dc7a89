import cookieSessions from 'cookie-session'
import express, { type ErrorRequestHandler } from 'express'
import express4 from 'express4'
import sessions from 'express-session'
import t from 'tap'
import { cookieSession, createTotp, expressSession, memoryStore, type SessionPort } from '../../src/connect.js'
import { KEY } from '../site.js'
import { untyped } from '../untyped.js'
import { listen } from './server.js'

const LIBRARIES = { 4: express4, 5: express }

const SESSIONS = {
  'express-session': {
    port: expressSession,
    middleware: () => sessions({ secret: 'secret', resave: false, saveUninitialized: false })
  },
  'cookie-session': { port: cookieSession, middleware: () => cookieSessions({ keys: ['secret'] }) }
}

/** A second factor, and what its log was told: the message, and the cause of the error. */
function secondFactor (session: SessionPort) {
  const logged: string[] = []
  const totp = createTotp({
    issuer: 'Acme',
    keys: [KEY],
    store: memoryStore(),
    session,
    identify: request => untyped(request).session?.userId,
    log: (error, message) => logged.push(`${message}; ${String(error.cause)}`)
  })
  return { totp, logged }
}

for (const [name, { port, middleware }] of Object.entries(SESSIONS)) {
  for (const [version, library] of Object.entries(LIBRARIES)) {
    t.test(`routes in front of ${name} on Express ${version} say so in the log`, async t => {
      const { totp, logged } = secondFactor(port)
      const { ask } = await listen(t, library().use(totp.routes(), middleware()))
      t.match(await ask({ path: '/totp/factors' }), { status: 503, code: 'ERR_TOTP_STORE' })
      t.match(logged.join(), `no session of ${name}: its middleware must stand in front of this one`)
    })

    t.test(`behind ${name} on Express ${version} a user who isn't logged in is told to log in`, async t => {
      const { totp, logged } = secondFactor(port)
      const { ask } = await listen(t, library().use(middleware(), totp.routes()))
      t.match(await ask({ path: '/totp/factors' }), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
      t.strictSame(logged, [])
    })
  }
}

t.test('the log is told of faults that methods throw, because a host may not print their causes', async t => {
  const mark = 'm'.repeat(22)
  const { totp, logged } = secondFactor({ read: () => mark, write: () => { throw new Error('the disk is full') } })
  const toStatus: ErrorRequestHandler = ({ statusCode = 500 }, _request, response, _next) => {
    response.status(statusCode).end()
  }
  const { ask } = await listen(t, express()
    .use('/forget', async (request, response) => { await totp.forget(request, response) })
    .use('/keep', async (request, response) => { await totp.keep(request, response, mark) })
    .use('/caller', async request => { await totp.caller(request) })
    .use(toStatus))
  for (const path of ['/forget', '/keep']) {
    t.equal((await ask({ path })).status, 503)
    t.strictSame(logged.splice(0), ['totp: a method failed; Error: the disk is full'], path)
  }
  t.equal((await ask({ path: '/caller' })).status, 401)
  t.strictSame(logged, [], 'a refusal is no fault')
})

t.test('the log is told of an answer that can\'t be sent, because the host\'s handler has returned', async t => {
  const { totp, logged } = secondFactor(expressSession)
  const { ask } = await listen(t, express()
    .use(SESSIONS['express-session'].middleware(), totp.routes())
    .post('/login', (request, response) => {
      untyped(request.session).userId = 'alice'
      response.json({})
    })
    .post('/torn', (request, response) => {
      untyped(request.session).cart = { toJSON () { throw new Error('torn') } }
      response.json({})
    }))
  const { headers: { 'set-cookie': [cookie = ''] = [] } } = await ask({ method: 'POST', path: '/login' })
  t.strictSame(logged, [])
  t.equal((await ask({ method: 'POST', path: '/torn', headers: { cookie } })).status, 500)
  t.match(logged, [/^totp: an answer could not be sent;/])
})
