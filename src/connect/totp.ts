import type { IncomingMessage, ServerResponse } from 'node:http'
import { InvalidOptionError, isTotpError } from '../errors.js'
import type { Log } from '../events.js'
import { guardsOver } from '../http/guards.js'
import { leaderTo } from '../http/navigation.js'
import { requestCaller, requestCookie } from '../http/request-caller.js'
import { requestMethods, type RequestMethods } from '../http/request-methods.js'
import { returnPathsUnder } from '../http/return-path.js'
import { serviceOver } from '../http/service.js'
import { CONNECT_OPTIONS, settingsOf, type RouteRequirement, type TotpOptions } from '../options.js'
import { ownOnly } from '../own-property.js'
import { scrubbed } from '../scrubbed.js'
import type { SessionPort } from '../sessions/session.js'
import { setUpVerifier } from '../setup.js'
import type { Verifier } from '../verifier/verifier.js'
import { addCookie } from './answer.js'
import { noteArrivals } from './arrival.js'
import { guardOf, siteGuardOf } from './guards.js'
import { leadWith } from './leading.js'
import type { Middleware, MiddlewareOf } from './middleware.js'
import { notAMiddleware } from './misuse.js'
import { pages } from './pages.js'
import { refusalsOver, safely, type OnRefused } from './refusals.js'
import { routes } from './routes.js'
import { lookAfterWith, requireSessionOf, requiringSession, sessionPortOf } from './session-port.js'

/** Options on Express, Connect and other servers that speak `(req, res, next)`. */
export interface ConnectTotpOptions<
  Request extends IncomingMessage = IncomingMessage, Response extends ServerResponse = ServerResponse
> extends Omit<TotpOptions<Request, Response>, 'routes' | 'session'> {
  /**
   * Where a login session keeps its mark: `expressSession`, `cookieSession`, `tokenSession(…)`, or a port of
   * your own.
   */
  readonly session: SessionPort<Request, Response>
  /**
   * Answers a request that a guard refuses, for example with a page or by `next(error)`. The headers of the
   * refusal are set already. `next` without an error lets no request pass: it passes on the refusal.
   * @default JSON with the error's code and message
   */
  readonly onRefused?: OnRefused<Request, Response>
  /**
   * Is told of errors of status 500 and 503, also of those that `caller`, `keep` and `forget` throw; of
   * requests from other sites, of listeners that fail, and of dangerous settings of the session middleware.
   * @default `console.error`
   */
  readonly log?: (error: Error, message: string) => void
}

/** The second factor of a server: the verifier for own routes, jobs and scripts, and the middlewares. */
export interface ConnectTotp<
  Request extends IncomingMessage = IncomingMessage, Response extends ServerResponse = ServerResponse
> extends Verifier, RequestMethods<Request, Response> {
  /**
   * Makes the middleware with the endpoints and, with the option `pages`, the pages. It goes after the
   * session's middleware, and before body parsers and guards: `app.use(totp.routes())`.
   */
  routes (...uncalled: never[]): Middleware
  /**
   * Makes the middleware with the pages alone, for servers with endpoints of their own. Needs the option
   * `pages`, or throws `InvalidOptionError`.
   */
  pages (...uncalled: never[]): Middleware
  /**
   * Makes a middleware that lets only requests with an approval pass. Put it on routes, after body parsers:
   * a path has more spellings than a guard by path knows. Throws `InvalidOptionError` at once.
   */
  required (requirement?: Partial<RouteRequirement<Request>>, ...uncalled: never[]): Middleware
  /**
   * Makes a middleware for your own routes over these methods. As the endpoints do, it refuses requests that
   * another site's page made the browser send, and keeps answers out of caches.
   */
  sameSite (): Middleware
  /** Waits for listeners of events that are under way, up to `timeout`: for a server that shuts down. */
  settled (): Promise<void>
}

/**
 * Adds a TOTP second factor to a server of Express, Connect or `node:http`. All requests have the type of
 * `identify`'s parameter. Throws `InvalidOptionError` for a wrong or unknown option.
 *
 * @example
 * const totp = createTotp({
 *   issuer: 'Acme', keys, store, session: expressSession,
 *   identify: (req: express.Request) => req.session.userId
 * })
 * app.use(session({ secret, resave: false, saveUninitialized: false }))
 * app.use(totp.routes())
 * app.get('/vault', totp.required(), (req, res) => res.json({ vault: 'gold' }))
 */
export function createTotp<
  Request extends IncomingMessage = IncomingMessage, Response extends ServerResponse = ServerResponse
> (options: ConnectTotpOptions<Request, Response>): ConnectTotp<Request, Response> {
  const settings = settingsOf<Request, Response>(options, CONNECT_OPTIONS)
  const { prefix, trustedOrigins, maxAge, acr } = settings
  const { onRefused, log: given = logToConsole } = ownOnly(options)
  const log = safely(given)
  const warn = (warning: string) => log(new Error(warning), 'totp: check this setting')
  const session = sessionPortOf(settings.session, settings.name)
  const fail = (error: unknown) => log(scrubbed(error), 'totp: an answer could not be sent')
  const lookAfter = lookAfterWith(session, { warn, fail })
  const { verifier, judgeRequest, settled } = setUpVerifier(settings, log)
  const beganAt = noteArrivals(settings.clock)
  const cookie = requestCookie<Request, Response>(settings, addCookie)
  const requests = requestCaller<Request, Response>({ ...settings, session, cookie, beganAt, log }, verifier)
  const service = requiringSession(serviceOver(requests, verifier, trustedOrigins), requireSessionOf(session))
  const { clock } = settings
  const decisionsOf = guardsOver({ requests, verifier, judgeRequest, longest: maxAge, clock, acr, log })
  const refusals = refusalsOver<Request, Response>(onRefused, log, acr)
  const { refuse } = refusals
  const { pages: pagesOptions } = settings
  const at = pagesOptions?.at ?? prefix
  const pagesPath = { path: prefix, at, mayBeMounted: true }
  const leader = pagesOptions && leaderTo(pagesPath, returnPathsUnder(settings.keys), clock)
  const lead = leadWith(leader ?? null, requests)
  const { callerAtArrival } = service
  const parts = { settings, at, verifier, requests, callerAtArrival, log, prefix, lookAfter, refusals, warn }
  const makePages = pagesOptions && (() => pages({ ...parts, options: pagesOptions }))

  const totp: ConnectTotp<Request, Response> = {
    ...verifier,
    ...toldOf(requestMethods(requests), log),
    settled,
    routes: () => inTurn(routes({ service, prefix, acr, lookAfter, refuse, warn }), makePages?.()),
    pages () {
      if (makePages === undefined) throw new InvalidOptionError('pages', 'is needed for totp.pages()')
      return makePages()
    },
    required: (requirement = {}) => guardOf(decisionsOf(requirement), { lookAfter, lead, refusals }),
    sameSite: () => siteGuardOf(trustedOrigins, refusals)
  }
  for (const [name, method] of Object.entries(totp)) {
    Reflect.set(totp, name, notAMiddleware(method, name, refuse))
  }
  return totp
}

/** The second middleware gets the requests that the first one passes on. */
function inTurn<Request extends IncomingMessage, Response extends ServerResponse> (
  first: MiddlewareOf<Request, Response>, second: MiddlewareOf<Request, Response> | undefined
): MiddlewareOf<Request, Response> {
  if (second === undefined) return first
  return function totpRoutes (request, response, next) {
    first(request, response, () => second(request, response, next))
  }
}

/** The same methods; the log is told of their faults, because a host's error handler may not print causes. */
function toldOf<Request, Response> (
  { caller, keep, forget }: RequestMethods<Request, Response>, log: Log
): RequestMethods<Request, Response> {
  async function told<T> (working: Promise<T>): Promise<T> {
    return await working.catch((error: unknown) => {
      if (isTotpError(error) && error.statusCode >= 500) log(error, 'totp: a method failed')
      throw error
    })
  }
  return {
    caller: async (...given) => await told(caller(...given)),
    keep: async (...given) => await told(keep(...given)),
    forget: async (...given) => await told(forget(...given))
  }
}

function logToConsole (error: Error, message: string): void {
  console.error(message, error)
}
