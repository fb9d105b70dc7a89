import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import t from 'tap'
import { verifyTotp } from '../../src/index.js'
import { useServer } from '../site.js'
import { untyped } from '../untyped.js'
import { giveTokens, loginOf, tokens, withTokens } from './tokens.js'

let served = 0

/** From now on, sites are on Fastify, and log users in with JWTs. */
export function useTokens (): void {
  useServer(async (t, { log, holdBody, beforePackage, beforeHandler, host, server }, totp) => {
    const stream = new Writable({ write: (line, _encoding, done) => { log?.(String(line)); done() } })
    const logger = log === undefined ? {} : { logger: { level: 'trace', base: null, stream } }
    const app = Fastify({ pluginTimeout: 0, ...logger, ...server })
    t.after(async () => await app.close())
    app.decorateRequest('session', untyped(null))
    app.addHook('onRequest', async (request, reply) => {
      served++
      request.session = untyped(await loginOf(request.headers, (name, value) => reply.header(name, value)))
    })
    if (beforePackage !== undefined) app.addHook('onRequest', async request => await beforePackage(request.headers))
    if (holdBody !== undefined) app.addHook('preParsing', async request => await holdBody(request))
    if (beforeHandler !== undefined) app.addHook('preHandler', async request => await beforeHandler(request))
    await host?.(app)
    await app.register(verifyTotp, { ...totp, session: untyped(tokens) })
    giveTokens(app.totp)
    app.inject = untyped(withTokens(untyped(app.inject.bind(app))))
    return app
  })
  t.teardown(() => assert.ok(served > 0, 'it has served requests'))
}
