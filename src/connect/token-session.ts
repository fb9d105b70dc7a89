import type { IncomingMessage } from 'node:http'
import type { SessionPort } from '../sessions/session.js'
import { tokenSession as tokenSessionOf, type TokenSessionOptions } from '../sessions/token-session.js'

/**
 * Keeps the mark of a login session in its bearer token, such as a JWT. Nothing is stored beside the entity:
 * every answer that changes the mark carries a new `token`, which the client uses from then on. Throws
 * `InvalidOptionError`.
 *
 * @example
 * session: tokenSession({
 *   claims: async (req: express.Request) => await verified(req.headers.authorization),
 *   issue: async (req, claims) => await signed({ sub: req.user.id, ...claims })
 * })
 */
export const tokenSession:
  <Request = IncomingMessage> (options: TokenSessionOptions<Request>) => SessionPort<Request> = tokenSessionOf
