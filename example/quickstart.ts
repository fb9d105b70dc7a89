import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import verifyTotp, { memoryStore } from 'fastify-verify-totp'

declare module 'fastify' { interface Session { userId?: string } }

const app = Fastify()
await app.register(cookie)
await app.register(session, {
  secret: randomBytes(32).toString('hex'), // in production, a secret you keep
  cookie: { secure: false }, // true in production, with HTTPS
  rolling: false,
  saveUninitialized: false
})
await app.register(verifyTotp, {
  issuer: 'Acme', // your service, as authenticator apps show it
  keys: [randomBytes(32)], // in production, import keysFrom and pass keysFrom(process.env.TOTP_KEYS)
  store: memoryStore(), // in production, a database: see Stores
  identify: request => request.session.userId // undefined while no user is logged in
})

app.post<{ Body: { username: string } }>('/login', async (request, reply) => {
  const { username } = request.body // check the password here
  await request.session.regenerate()
  request.session.userId = username
  await app.totp.forget(request, reply)
  return { identity: username }
})

app.post('/logout', async (request, reply) => {
  const { session } = request
  try {
    await app.totp.forget(request, reply)
  } finally {
    await session.destroy()
  }
  return await reply.code(204).send()
})

app.get('/vault', { preHandler: app.totp.required() }, async () => ({ vault: 'gold' }))

await app.listen({ port: 3000 })
