import { randomBytes } from 'node:crypto'
import secureSession from '@fastify/secure-session'
import Fastify from 'fastify'
import verifyTotp, { memoryStore } from '../../../../dist/index.js'
import { cookiesOf, realClock, serveVaults } from './vaults.js'

declare module '@fastify/secure-session' {
  interface SessionData { identity: string }
}

const app = Fastify()
const clock = realClock()
await app.register(secureSession, { key: randomBytes(32), cookie: { path: '/' } })
await app.register(verifyTotp, {
  issuer: 'Acme',
  keys: [randomBytes(32)],
  store: memoryStore(),
  identify: request => request.session.get('identity'),
  clock: clock.now
})
app.post<{ Body: { identity: string } }>('/login', async request => {
  request.session.set('identity', request.body.identity)
  return {}
})
await serveVaults(app, async () => await cookiesOf(app, clock))
