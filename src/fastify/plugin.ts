import type { FastifyInstance, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import { InvalidOptionError, MisconfiguredError, MisplacedError, notAGuard, refuseHookCall } from '../errors.js'
import type { Passage } from '../guard.js'
import { refusalOfSite } from '../http/cross-site.js'
import { UNCACHED } from '../http/error-headers.js'
import { guardsOver, type GuardParts } from '../http/guards.js'
import { leaderTo, type Leader, type Refusal } from '../http/navigation.js'
import { requestCaller, requestCookie, type RequestCaller } from '../http/request-caller.js'
import { requestMethods, type RequestMethods } from '../http/request-methods.js'
import { returnPathsUnder } from '../http/return-path.js'
import { serviceOver } from '../http/service.js'
import { announcesBody, hasUnreadBody } from '../http/unread-body.js'
import { isMountPath, settingsOf, type RouteRequirement, type TotpOptions } from '../options.js'
import { getOwn } from '../own-property.js'
import { fastifySession } from '../sessions/fastify-session.js'
import { secureSession } from '../sessions/secure-session.js'
import { isConnectPort, isFastifyPort, type FastifyPort, type SessionHooks, type SessionPort } from '../sessions/session.js'
import { withClaim } from '../sessions/token-session.js'
import { setUpVerifier } from '../setup.js'
import type { Verifier } from '../verifier/verifier.js'
import type { AnyReply, AnyRequest } from './any-server.js'
import { noteArrivals } from './arrival.js'
import { addErrorHeaders } from './error-reply.js'
import { leadBrowsers, noteRefused } from './leading.js'
import { OWN_ROUTE } from './own-route.js'
import { decideAgain, isValidated, notePassed } from './passed.js'
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
  required (requirement?: Partial<RouteRequirement<AnyRequest>>): Guard
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
    /** What let this request pass the guard, or null. */
    totp: Passage | null
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
  const { maxAge, clock, keys, prefix } = settings
  const { verifier, judgeRequest, settled } = setUpVerifier(settings, log)
  fastify.addHook('onClose', async () => await settled())
  const port = settings.session ?? registeredSession(fastify)
  if (isConnectPort(port)) {
    throw new InvalidOptionError('session', 'must be a port for Fastify: expressSession and cookieSession are for createTotp')
  }
  const { name } = settings
  const session = isFastifyPort(port) ? port.withEntry(`${name}Mark`) : withClaim(port, name)
  if (isFastifyPort(session)) prepareSessions(fastify, session)
  const beganAt = noteArrivals(fastify, clock)
  decideAgain(fastify)
  addErrorHeaders(fastify)
  // Fastify adds this header to those that the reply has already.
  const cookie = requestCookie<FastifyRequest, FastifyReply>(settings, (reply, header) => {
    reply.header('set-cookie', header)
  })
  const requests: RequestCaller<AnyRequest, AnyReply> =
    requestCaller({ ...settings, session, cookie, beganAt, log }, verifier)

  // As Fastify joins them.
  const path = fastify.prefix.replace(/\/$/, '') + prefix
  const { pages } = settings
  const at = pages?.at ?? path
  if (pages !== undefined) requirePath(at)
  const leader = pages === undefined
    ? null
    : leaderTo({ path, at, mayBeMounted: false }, returnPathsUnder(keys), clock)
  if (leader !== null) leadBrowsers(fastify)

  fastify.decorateRequest('totp', null)
  fastify.decorate('totp', {
    ...verifier,
    ...requestMethods(requests),
    required: guards({ ...settings, requests, verifier, judgeRequest, longest: maxAge, log }, leader),
    sameSite (...misused: unknown[]) {
      refuseHookCall(misused)
      return requireSameSite(settings.trustedOrigins)
    }
  })
  const service = serviceOver(requests, verifier, settings.trustedOrigins)
  const scope = options.logLevel === undefined ? { prefix } : { prefix, logLevel: options.logLevel }
  if (settings.routes) await fastify.register(routes(service, settings.acr), scope)
  if (pages !== undefined) {
    // Most servers have no pages, and wait for no more than they need.
    const { pagesPlugin } = await import('./pages.js')
    const { callerAtArrival } = service
    const parts = { settings, options: pages, at, verifier, requests, callerAtArrival, log }
    await fastify.register(pagesPlugin(parts), scope)
  }
}

/** The scope may have a prefix that is no path for a browser, such as "/:tenant". */
function requirePath (at: string): void {
  if (isMountPath(at)) return
  throw new InvalidOptionError('pages.at', `must be set, because "${at}" is no path that browsers can open`)
}

function requireSameSite (trustedOrigins: readonly string[]): Guard {
  return async function requireSameSite (request, reply) {
    reply.headers(UNCACHED)
    const refusal = refusalOfSite(request, trustedOrigins)
    if (refusal !== null) throw refusal
  }
}

function guards (parts: GuardParts<AnyRequest, AnyReply>, leader: Leader | null): Totp['required'] {
  const decisionsOf = guardsOver(parts)
  return function required (requirement = {}, ...misused: unknown[]) {
    if (misused.length > 0) throw notAGuard('required')
    const { spendsCode, methods, decide, passAnonymous } = decisionsOf(requirement)
    // One function, because a promise more costs a guarded request more than most of what happens here.
    return async function requireTotp (request, _reply, ...more: unknown[]) {
      if (request[OWN_ROUTE] === true && request.routeOptions.config[OWN_ROUTE] === true) return
      // Of the hooks that are passed a payload too, those after the handler follow the validation.
      if (more.length > 1 && isValidated(request)) throw new MisconfiguredError(TOO_LATE)
      if (spendsCode) requireWholeRequest(request)
      try {
        request.totp = await decide(request)
      } catch (error) {
        if (leader !== null) await lead(leader, parts.requests, request, { error, methods })
        request.totp = passAnonymous(request, error)
      }
      notePassed(request, requireTotp)
    }
  }
}

/** Notes the page that mends a refusal. Whatever fails here, the request is refused as without pages. */
async function lead (
  leader: Leader, requests: RequestCaller<AnyRequest, AnyReply>, request: AnyRequest, refusal: Refusal
): Promise<void> {
  const { method, headers, url } = request
  try {
    const urlFor = leader.lead({ method, headers, url }, refusal)
    if (urlFor === null) return
    const { identity } = await requests.caller(request)
    noteRefused(request, refusal.error, urlFor(identity))
  } catch {
    // No user is known, so there is no page to lead to.
  }
}

const TOO_LATE = new MisplacedError('a guard must run as onRequest or preHandler: as onSend or preSerialization it ' +
  'comes too late, the handler has run')

/** Throws unless all that may still refuse the request has had its say. */
function requireWholeRequest (request: AnyRequest): void {
  if (!isValidated(request)) throw new MisconfiguredError(TOO_EARLY)
  const { headers, raw } = request
  // Fastify gives no other body to a parser, so none can refuse it.
  const isForParser = getOwn(headers, 'content-type') !== undefined || announcesBody(headers)
  if (isForParser && hasUnreadBody(raw)) throw new MisconfiguredError(UNREAD)
}

const UNREAD = new MisplacedError('a guard with perRequest finds a body that no parser has read: call it in the ' +
  'handler, after the body, or it would spend the code of a request that is refused')

const TOO_EARLY = new MisplacedError('a guard with perRequest must run as preHandler, or be called in the handler, ' +
  'so that a request that is refused for its body spends no code')

function prepareSessions (fastify: FastifyInstance, { property, hooks }: FastifyPort): void {
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
    const looking = hooks.onSend(request, reply)
    if (looking === undefined) done()
    else {
      looking.then(() => {
        // A host's mistake may have sent another answer meanwhile. A second one would end the process.
        if (!reply.raw.headersSent) done()
      }, done)
    }
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
