import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import verifyTotp, { memoryStore } from '../../../../dist/index.js'
import { cookiesOf, realClock, serveVaults } from './vaults.js'

declare module 'fastify' {
  interface Session { identity?: string }
}

const app = Fastify()
const clock = realClock()
await app.register(cookie)
await app.register(session, {
  secret: randomBytes(32).toString('hex'), cookie: { secure: false }, rolling: false, saveUninitialized: false
})
await app.register(verifyTotp, {
  issuer: 'Acme',
  keys: [randomBytes(32)],
  store: memoryStore(),
  identify: request => request.session.identity,
  clock: clock.now
})
app.post<{ Body: { identity: string } }>('/login', async request => {
  request.session.identity = request.body.identity
  return {}
})
await serveVaults(app, async () => await cookiesOf(app, clock))
