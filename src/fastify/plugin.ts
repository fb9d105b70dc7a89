import type { FastifyInstance, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Approval } from '../entity/approvals.js'
import { InvalidOptionError, refuseHookCall, UnidentifiedError } from '../errors.js'
import { refusalOfSite } from '../http/cross-site.js'
import { UNCACHED } from '../http/error-headers.js'
import { requestCaller, type RequestCaller } from '../http/request-caller.js'
import { requestMethods, type RequestMethods } from '../http/request-methods.js'
import { serviceOver } from '../http/service.js'
import { routeRequirementOf, settingsOf, type RouteRequirement, type TotpOptions } from '../options.js'
import { fastifySession } from '../sessions/fastify-session.js'
import { secureSession } from '../sessions/secure-session.js'
import { isOwnPort, type OwnPort, type SessionHooks, type SessionPort } from '../sessions/session.js'
import { setUpVerifier } from '../setup.js'
import { andThen } from '../time/now-or-later.js'
import type { Verifier } from '../verifier/verifier.js'
import type { AnyReply, AnyRequest } from './any-server.js'
import { noteArrivals } from './arrival.js'
import { addErrorHeaders, errorFor } from './error-reply.js'
import { OWN_ROUTE } from './own-route.js'
import { decideAgain, notePassed } from './passed.js'
import { routes } from './routes.js'

/** Options of the plugin on Fastify; `logLevel` is that of the routes, as for any plugin. */
export type FastifyTotpOptions = TotpOptions<FastifyRequest, FastifyReply> & Pick<RegisterOptions, 'logLevel'>

/** `fastify.totp`: the verifier for your own routes, jobs and scripts, and the guard. */
export interface Totp extends Verifier, RequestMethods<AnyRequest, AnyReply> {
  /**
   * Makes a hook that lets only requests with an approval pass: for `preHandler` or `onRequest` of a route,
   * or for `addHook` over a scope, where it leaves the plugin's own routes alone. Throws `InvalidOptionError`
   * at once.
   */
  required (requirement?: Partial<RouteRequirement>): Guard
  /**
   * Makes a hook for your own routes over these methods, as `onRequest`. As the plugin's routes do, it
   * refuses requests that another site's page made the browser send, and keeps answers out of caches.
   */
  sameSite (): Guard
}

/** The hook that `required` makes. */
export type Guard = (request: AnyRequest, reply: AnyReply) => Promise<void>

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
  const port = settings.session ?? registeredSession(fastify)
  const session = isOwnPort(port) ? port.withEntry(`${settings.name}Mark`) : port
  if (isOwnPort(session)) prepareSessions(fastify, session)
  const beganAt = noteArrivals(fastify, settings.clock)
  decideAgain(fastify)
  addErrorHeaders(fastify)
  const requests: RequestCaller<AnyRequest, AnyReply> =
    requestCaller({ ...settings, session, beganAt, log }, verifier)

  fastify.decorateRequest('totp', null)
  fastify.decorate('totp', {
    ...verifier,
    ...requestMethods(requests),
    required: guards(requests, verifier, settings.maxAge),
    sameSite (...misused: unknown[]) {
      refuseHookCall(misused)
      return requireSameSite(settings.trustedOrigins)
    }
  })
  if (settings.routes) {
    const { prefix, trustedOrigins } = settings
    const scope = options.logLevel === undefined ? { prefix } : { prefix, logLevel: options.logLevel }
    await fastify.register(routes(serviceOver(requests, verifier, trustedOrigins)), scope)
  }
}

function requireSameSite (trustedOrigins: readonly string[]): Guard {
  return async function requireSameSite (request, reply) {
    reply.headers(UNCACHED)
    const refusal = refusalOfSite(request, trustedOrigins)
    if (refusal !== null) throw refusal
  }
}

function guards (
  requests: RequestCaller<AnyRequest, AnyReply>, verifier: Verifier, longest: number
): Totp['required'] {
  return function required (requirement = {}, ...misused: unknown[]) {
    if (misused.length > 0) {
      throw new InvalidOptionError('preHandler', 'must be what app.totp.required() returns, not app.totp.required')
    }
    const { anonymous, requirement: checked } = routeRequirementOf(requirement, longest)

    // One function, because a promise more costs a guarded request more than most of what happens here.
    return async function requireTotp (request, _reply) {
      if (request[OWN_ROUTE] === true && request.routeOptions.config[OWN_ROUTE] === true) return
      try {
        request.totp = await andThen(requests.caller(request), caller => verifier.check(caller, checked))
      } catch (error) {
        const isAnonymous = error instanceof UnidentifiedError && error.isAnonymous
        if (!(isAnonymous && anonymous === 'allow')) throw errorFor(request, error)
        request.totp = null
      }
      notePassed(request, requireTotp)
    }
  }
}

function prepareSessions (fastify: FastifyInstance, { property, hooks }: OwnPort): void {
  fastify.addHook('onReady', async () => {
    if (!fastify.hasRequestDecorator(property)) {
      throw new InvalidOptionError('session', `must be registered: no session plugin adds request.${property}. ` +
        'With a sessionName of @fastify/secure-session, pass secureSessionNamed(sessionName)')
    }
  })
  if (hooks !== undefined) addSessionHooks(fastify, hooks)
}

function addSessionHooks (fastify: FastifyInstance, hooks: SessionHooks): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    hooks.onRequest(request)
    done()
  })
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    hooks.onSend(request, reply)
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
