import type { TotpClaims } from '../entity/claims.js'
import { InvalidOptionError, isUnauthorized, refuseHookCall } from '../errors.js'
import { checkOptions, functionThat, required } from '../option-checks.js'
import { ownOnly, ownValue } from '../own-property.js'
import { isPromiseLike } from '../time/now-or-later.js'
import type { SessionPort } from './session.js'

/** Options of `tokenSession`. */
export interface TokenSessionOptions<Request> {
  /**
   * Returns the claims of the token that the request carries, once its signature is verified. Undefined, null
   * and an error with status 401 mean that there is no valid token.
   */
  claims (request: Request): unknown
  /**
   * Signs a new token for the user of this request, with these claims beside your own. It is called before a
   * code is judged, so it must record nothing: the token is sent only if the code was right.
   */
  issue (request: Request, totp: TotpClaims): string | Promise<string>
}

/** Login sessions whose mark travels in the bearer token itself, on any server. */
export interface TokenPort<Request = unknown> extends SessionPort<Request> {
  readonly server: 'any'
  /** Clients with bearer tokens keep no cookies, so the option `remember` stops the boot. */
  readonly cookies: false
  /** Signs a token with these claims. */
  issue (request: Request, totp: TotpClaims): unknown
  /** The same port, with the mark in another claim. */
  withClaim (claim: string): TokenPort<Request>
}

/** The claim that has the mark, unless the plugin has another `name`. */
const CLAIM = 'totp'

/** Claims of tokens that mean something else (RFC 7519, RFC 9068, OpenID Connect). */
const TAKEN: readonly string[] = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'azp', 'scope', 'acr', 'amr']

const OPTIONS = {
  claims: required(functionThat('returns the claims of a verified token')),
  issue: required(functionThat('signs a token'))
}

/**
 * Makes the port; `fastify/` and `connect/` say which requests it has. Throws `InvalidOptionError`.
 */
export function tokenSession<Request = unknown, Reply = unknown> (
  options: TokenSessionOptions<Request>
): SessionPort<Request, Reply> {
  checkOptions(options, OPTIONS, 'tokenSession.')
  const { claims, issue } = ownOnly(options)
  return portOf({ claims, issue }, CLAIM)
}

function portOf<Request> (options: TokenSessionOptions<Request>, claim: string): TokenPort<Request> {
  const markIn = (claims: unknown) =>
    typeof claims === 'object' && claims !== null ? ownValue(claims, claim) : undefined

  return {
    server: 'any',
    cookies: false,

    read (request, ...misused: unknown[]) {
      refuseHookCall(misused)
      try {
        const claims = options.claims(request)
        return isPromiseLike(claims) ? claims.then(markIn, withoutToken) : markIn(claims)
      } catch (error) {
        return withoutToken(error)
      }
    },

    write () {
      throw new TypeError('tokenSession writes no mark: it issues a new token')
    },

    issue (request, totp, ...misused: unknown[]) {
      refuseHookCall([totp, ...misused])
      return options.issue(request, totp)
    },

    withClaim (claim, ...misused: unknown[]) {
      refuseHookCall([claim, ...misused])
      if (TAKEN.includes(claim)) throw new InvalidOptionError('name', 'must not be a claim with another meaning, such as sub')
      return portOf(options, claim)
    }
  }
}

/** An authenticator that finds no valid token throws 401; any other error is a fault. */
function withoutToken (error: unknown): undefined {
  if (!isUnauthorized(error)) throw error
}

/** True for a port that `tokenSession` made. */
export function isTokenPort<Request, Reply> (
  port: SessionPort<Request, Reply>
): port is TokenPort<Request> {
  return ownValue(port, 'server') === 'any'
}

/** The same port; one that keeps marks in tokens has them in this claim. */
export function withClaim<Request, Reply> (
  port: SessionPort<Request, Reply>, claim: string
): SessionPort<Request, Reply> {
  return isTokenPort(port) ? port.withClaim(claim) : port
}
