import type { FastifyInstance, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Approval } from '../entity/approvals.js'
import { InvalidOptionError } from '../errors.js'
import type { Requirement } from '../guard.js'
import { requestCaller, type RequestCaller } from '../http/request-caller.js'
import { requestMethods, type RequestMethods } from '../http/request-methods.js'
import { serviceOver } from '../http/service.js'
import { requirementOf, settingsOf, type TotpOptions } from '../options.js'
import { fastifySession, sessionHooks } from '../sessions/fastify-session.js'
import { secureSession } from '../sessions/secure-session.js'
import type { SessionPort } from '../sessions/session.js'
import { setUpVerifier } from '../setup.js'
import { andThen } from '../time/now-or-later.js'
import type { Verifier } from '../verifier/verifier.js'
import { noteArrivals } from './arrival.js'
import { addErrorHeaders, errorFor } from './error-reply.js'
import { OWN_ROUTE } from './own-route.js'
import { decideAgain, notePassed } from './passed.js'
import { routes } from './routes.js'

/** Options of the plugin on Fastify; `logLevel` is that of the routes, as for any plugin. */
export type FastifyTotpOptions = TotpOptions<FastifyRequest, FastifyReply> & Pick<RegisterOptions, 'logLevel'>

/** `fastify.totp`: the verifier for your own routes, jobs and scripts, and the guard. */
export interface Totp extends Verifier, RequestMethods<FastifyRequest, FastifyReply> {
  /**
   * Makes a hook that lets only requests with an approval pass: for `preHandler` or `onRequest` of a route,
   * or for `addHook` over a scope, where it leaves the plugin's own routes alone. Throws `InvalidOptionError`
   * at once.
   */
  required (requirement?: Partial<Requirement>): Guard
}

/** The hook that `required` makes. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    /** TOTP second factor. */
    totp: Totp
  }

  interface FastifyRequest {
    /** The approval that let this request pass the guard, or null. */
    totp: Approval | null
    [OWN_ROUTE]?: true
  }

  interface FastifyContextConfig {
    [OWN_ROUTE]?: true
  }
}

/** Adds a TOTP second factor to a Fastify server. */
export const verifyTotp = fp(plugin, { fastify: '^5.8.5', name: 'fastify-verify-totp' })

async function plugin (fastify: FastifyInstance, options: FastifyTotpOptions): Promise<void> {
  const settings = settingsOf(options)
  const log = (error: Error, message: string) => fastify.log.error(error, message)
  const { verifier, settled } = setUpVerifier(settings, log)
  fastify.addHook('onClose', async () => await settled())
  const session = settings.session ?? registeredSession(fastify)
  if (session === fastifySession) addSessionHooks(fastify)
  const beganAt = noteArrivals(fastify, settings.clock)
  decideAgain(fastify)
  addErrorHeaders(fastify)
  const requests = requestCaller({ ...settings, session, beganAt, log }, verifier)

  fastify.decorateRequest('totp', null)
  fastify.decorate('totp', {
    ...verifier, ...requestMethods(requests), required: guards(requests, verifier, settings.maxAge)
  })
  if (settings.routes) {
    const { prefix, trustedOrigins } = settings
    const scope = options.logLevel === undefined ? { prefix } : { prefix, logLevel: options.logLevel }
    await fastify.register(routes(serviceOver(requests, verifier, trustedOrigins)), scope)
  }
}

function guards (
  requests: RequestCaller<FastifyRequest, FastifyReply>, verifier: Verifier, longest: number
): Totp['required'] {
  return function required (requirement = {}, ...misused: unknown[]) {
    if (misused.length > 0) {
      throw new InvalidOptionError('preHandler', 'must be what app.totp.required() returns, not app.totp.required')
    }
    const checked = requirementOf(requirement, longest)

    async function decide (request: FastifyRequest): Promise<void> {
      try {
        request.totp = await andThen(requests.caller(request), caller => verifier.check(caller, checked))
      } catch (error) {
        throw errorFor(request, error)
      }
    }

    return async function requireTotp (request, _reply) {
      if (request[OWN_ROUTE] === true && request.routeOptions.config[OWN_ROUTE] === true) return
      await decide(request)
      notePassed(request, decide)
    }
  }
}

function addSessionHooks (fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    sessionHooks.onRequest(request)
    done()
  })
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    sessionHooks.onSend(request, reply)
    done()
  })
}

function registeredSession (fastify: FastifyInstance): SessionPort {
  const found = [
    ...(fastify.hasPlugin('@fastify/session') ? [fastifySession] : []),
    ...(fastify.hasPlugin('@fastify/secure-session') ? [secureSession] : [])
  ]
  const [port, another] = found
  if (port === undefined) {
    throw new InvalidOptionError('session', 'is needed: register @fastify/session or @fastify/secure-session before ' +
      'this plugin, or pass { read, write } for a session of your own')
  }
  if (another !== undefined) {
    throw new InvalidOptionError('session', 'is needed: both @fastify/session and @fastify/secure-session are ' +
      'registered, so pass fastifySession or secureSession')
  }
  return port
}
