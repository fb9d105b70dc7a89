/* Compiled, not run: the plugin on every kind of server that Fastify has. */
import Fastify, { type FastifyBaseLogger } from 'fastify'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { verifyTotp, memoryStore, secureSession } from '../../src/index.js'

declare const ownLogger: FastifyBaseLogger & { audit (line: string): void }

const options = {
  issuer: 'Acme',
  keys: [Buffer.alloc(32)],
  store: memoryStore(),
  session: secureSession,
  identify: () => 'alice'
}

const plain = Fastify()
const http2 = Fastify({ http2: true })
const secure = Fastify({ https: {} })
const secureHttp2 = Fastify({ http2: true, https: {} })
const logged = Fastify<Server, IncomingMessage, ServerResponse, typeof ownLogger>({
  loggerInstance: ownLogger
})

await plain.register(verifyTotp, options)
plain.get('/', { preHandler: plain.totp.required() }, async (request, reply) => {
  await plain.totp.keep(request, reply, (await plain.totp.withdraw(await plain.totp.caller(request))).mark)
  return request.totp
})
plain.addHook('onRequest', plain.totp.required())

await http2.register(verifyTotp, options)
http2.get('/', { preHandler: http2.totp.required() }, async (request, reply) => {
  await http2.totp.keep(request, reply, (await http2.totp.withdraw(await http2.totp.caller(request))).mark)
  await http2.totp.forget(request, reply)
})
http2.addHook('onRequest', http2.totp.required())

await secure.register(verifyTotp, options)
secure.get('/', { onRequest: secure.totp.required() }, async (request, reply) => {
  await secure.totp.forget(request, reply)
})

await secureHttp2.register(verifyTotp, options)
secureHttp2.get('/', { preHandler: [secureHttp2.totp.required()] }, async (request, reply) => {
  await secureHttp2.totp.forget(request, reply)
})

await logged.register(verifyTotp, options)
logged.get('/', { preHandler: logged.totp.required() }, async (request, reply) => {
  request.log.audit('seen')
  await logged.totp.forget(request, reply)
})
