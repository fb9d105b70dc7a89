import type { FastifyInstance, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Approval } from '../entity/approvals.js'
import { andThen } from '../time/now-or-later.js'
import { jitter } from '../time/back-off.js'
import { InvalidOptionError } from '../errors.js'
import { emitter } from '../events.js'
import type { Requirement } from '../guard.js'
import { requirementOf, settingsOf, type TotpOptions } from '../options.js'
import { embeddedProvider } from '../providers/embedded.js'
import { providersOf } from '../providers/providers.js'
import { createKeyring } from '../seal.js'
import { fastifySession } from '../sessions/fastify-session.js'
import { secureSession } from '../sessions/secure-session.js'
import type { SessionPort } from '../sessions/session.js'
import { entitiesIn } from '../verifier/entities.js'
import type { SessionCaller } from '../verifier/caller.js'
import { createVerifier, type Verifier } from '../verifier/verifier.js'
import { OWN_ROUTE } from './own-route.js'
import { receptionOf, type Reception } from '../http/request-caller.js'
import { refused } from './error-reply.js'

/** Options of the plugin on Fastify; `logLevel` is of the routes, as for any plugin. */
export type FastifyTotpOptions = TotpOptions<FastifyRequest, FastifyReply> & Pick<RegisterOptions, 'logLevel'>

/** `fastify.totp`: the verifier, for routes of your own, jobs and administrators' scripts, and the guard. */
export interface Totp extends Verifier {
  /**
   * Makes a hook that lets only requests with an approved challenge pass: for `preHandler` or `onRequest` of
   * a route, or `addHook` over a scope, where it leaves the plugin's own routes alone. Throws
   * `InvalidOptionError` at once.
   */
  required (requirement?: Partial<Requirement>): Guard
  /** Who asks, for the methods of the verifier. Throws `UnidentifiedError` for nobody. */
  caller (request: FastifyRequest): Promise<SessionCaller>
  /**
   * Keeps the mark that a method of the verifier answered in the session of this request, and gives the
   * session a new id if it has one; null changes nothing. What isn't kept isn't approved.
   */
  keep (request: FastifyRequest, reply: FastifyReply, mark: string | null): Promise<void>
  /**
   * Takes the approval of this session away: at every log-in, once the identity is known, and at every
   * log-out.
   */
  forget (request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/** The hook that `required` makes. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    /** TOTP second factor. */
    totp: Totp
  }

  interface FastifyRequest {
    /** The approval that let this request pass a guard, or null. */
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
  const { issuer, keys, store, attempts, maxAge, timeout, clock } = settings
  const emit = emitter(settings.onEvent, err => fastify.log.error(err, 'totp: onEvent failed'))
  const entities = entitiesIn({ store, clock, timeout, backOff: jitter, emit })
  const keyring = createKeyring(keys)
  const embedded = embeddedProvider({ issuer, keyring })
  const providers = providersOf(embedded, settings.provider ?? embedded, settings.formerProviders)
  const verifier = createVerifier({
    ...settings, entities, providers, ...keyring, emit, limits: attempts
  })
  const session = settings.session ?? registeredSession(fastify)
  const reception = receptionOf({ ...settings, session }, verifier)

  fastify.decorateRequest('totp', null)
  fastify.decorate('totp', { ...verifier, ...requestMethods(reception), required: guards(reception, verifier, maxAge) })
  if (settings.routes) {
    // Their schemas take longer to load than all else together.
    const { routes } = await import('./routes.js')
    const { prefix, trustedOrigins } = settings
    const scope = options.logLevel === undefined ? { prefix } : { prefix, logLevel: options.logLevel }
    await fastify.register(routes(reception, verifier, trustedOrigins), scope)
  }
}

function guards (reception: Reception, verifier: Verifier, longest: number): Totp['required'] {
  return function required (asked = {}, ...misused: unknown[]) {
    if (misused.length > 0) {
      throw new InvalidOptionError('preHandler', 'must be what app.totp.required() returns, not app.totp.required')
    }
    const requirement = requirementOf(asked, longest)

    return async function requireTotp (request, reply) {
      if (request[OWN_ROUTE] === true && request.routeOptions.config[OWN_ROUTE] === true) return
      try {
        request.totp = await andThen(reception.caller(request), caller => verifier.check(caller, requirement))
      } catch (error) {
        throw refused(request, reply, error)
      }
    }
  }
}

/**
 * What there is for requests beside the guard. Taken for a hook by mistake, each of these would let everybody
 * pass; a hook gets one argument more than they take, so that is refused.
 */
function requestMethods (
  { caller, keep, forget }: Reception
): Pick<Totp, 'caller' | 'keep' | 'forget'> {
  return {
    async caller (request, ...misused: unknown[]) {
      refuseHook(misused)
      return await caller(request)
    },

    async keep (request, reply, mark) {
      await keep(request, reply, mark, true)
    },

    async forget (request, reply, ...misused: unknown[]) {
      refuseHook(misused)
      await forget(request, reply)
    }
  }
}

function refuseHook (misused: unknown[]): void {
  if (misused.length > 0) throw new InvalidOptionError('preHandler', 'must be what app.totp.required() returns')
}

function registeredSession (fastify: FastifyInstance): SessionPort {
  const found = [
    ...(fastify.hasPlugin('@fastify/session') ? [fastifySession] : []),
    ...(fastify.hasPlugin('@fastify/secure-session') ? [secureSession] : [])
  ]
  const [port, another] = found
  if (port === undefined) {
    throw new InvalidOptionError('session', 'is needed: register @fastify/session or @fastify/secure-session before ' +
      'this plugin, or say where a login session keeps its mark with { read, write }')
  }
  if (another !== undefined) {
    throw new InvalidOptionError('session', 'is needed: both @fastify/session and @fastify/secure-session are there, ' +
      'so pass one of fastifySession and secureSession')
  }
  return port
}
