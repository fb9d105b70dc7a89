import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify, { type FastifyInstance } from 'fastify'
import verifyTotp, { memoryStore } from '../../../../dist/index.js'
import { qrCode } from '../../../../dist/qr.js'
import { now, TIME_STEP } from './clock.js'
import type { Sessions } from './sessions.js'

declare module 'fastify' {
  interface Session {
    userId?: string
  }
}

interface Login {
  readonly Body: { readonly identity: string }
}

const VAULT = { vault: 'gold' }
const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: TIME_STEP, skew: 1 } as const

/** Login, logout, and a page behind the second factor. */
export async function guardedSite (sessions: Sessions): Promise<FastifyInstance> {
  const app = await siteWith(sessions)
  await app.register(verifyTotp, {
    issuer: 'Acme',
    keys: [randomBytes(32)],
    store: memoryStore(),
    identify: request => request.session.userId,
    config: CONFIG,
    clock: now
  })
  app.post<Login>('/login', async (request, reply) => {
    await request.session.regenerate()
    request.session.userId = request.body.identity
    await app.totp.forget(request, reply)
    return {}
  })
  app.post('/logout', async (request, reply) => {
    await app.totp.forget(request, reply)
    await request.session.destroy()
    return await reply.code(204).send()
  })
  app.get('/vault', { preHandler: app.totp.required() }, async () => VAULT)
  return app
}

/** The same routes and the same answers behind the same session, and no second factor. */
export async function bareSite (sessions: Sessions): Promise<FastifyInstance> {
  const app = await siteWith(sessions)
  const { enrolled, verified, approved } = await answers()
  app.post<Login>('/login', async request => {
    await request.session.regenerate()
    request.session.userId = request.body.identity
    return {}
  })
  app.post('/logout', async (request, reply) => {
    await request.session.destroy()
    return await reply.code(204).send()
  })
  app.get('/vault', async () => VAULT)
  app.post('/totp/factors', async (_request, reply) => await reply.code(201).send(enrolled))
  app.post('/totp/factors/:sid/verify', async () => verified)
  app.post('/totp/challenges', async () => approved)
  app.delete('/totp/factors/:sid', async (_request, reply) => await reply.code(204).send())
  return app
}

async function siteWith (store: Sessions): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(cookie)
  await app.register(session, {
    secret: randomBytes(32).toString('hex'),
    cookie: { secure: false },
    rolling: false,
    saveUninitialized: false,
    store
  })
  return app
}

/** Answers of the same length as those of the second factor. */
async function answers () {
  const date = new Date().toISOString()
  const sid = `YF${'0'.repeat(32)}`
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
  const uri = `otpauth://totp/Acme:person-1234?secret=${secret}&issuer=Acme&algorithm=SHA1&digits=6&period=${TIME_STEP}`
  const brief = { sid, friendlyName: 'person-1234', status: 'verified', config: CONFIG }
  const factor = { ...brief, createdAt: date, verifiedAt: date, lastUsedAt: date }
  const approval = { factorSid: sid, at: date, expiresAt: date }
  return {
    enrolled: { factor, binding: { secret, uri, qr: await qrCode(uri, 'svg') } },
    verified: { factor, approval },
    approved: { status: 'approved', approval }
  }
}
