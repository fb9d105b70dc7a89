import { createRequire } from 'node:module'
import Fastify from 'fastify'
import { NOW, serveByHand } from './by-hand.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** From `fastify-totp`, which has no types. */
    totpVerify (options: Readonly<Record<string, string | number>>): boolean
  }
}

const app = Fastify()
await app.register(createRequire(import.meta.url)('fastify-totp'))
// By default it judges by SHA-1 but makes secrets for SHA-512.
await serveByHand((secret, token, request) => {
  return request.totpVerify({ secret, token, encoding: 'base32', algorithm: 'sha1', window: 1, time: NOW })
}, app)
