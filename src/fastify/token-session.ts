import type { FastifyRequest } from 'fastify'
import type { SessionPort } from '../sessions/session.js'
import { tokenSession as tokenSessionOf, type TokenSessionOptions } from '../sessions/token-session.js'

/**
 * Keeps the mark of a login session in its bearer token, such as a JWT. Nothing is stored beside the entity:
 * every answer that changes the mark carries a new `token`, which the client uses from then on. Throws
 * `InvalidOptionError`.
 *
 * @example
 * session: tokenSession({
 *   claims: async request => await request.jwtVerify(),
 *   issue: (request, totp) => app.jwt.sign({ sub: request.user.sub, ...totp }, { expiresIn: '15m' })
 * })
 */
export const tokenSession:
  // The compiler finds the type of requests by itself, but not among the options of `register`.
  <Request = FastifyRequest> (options: TokenSessionOptions<Request>) => SessionPort<Request> = tokenSessionOf
