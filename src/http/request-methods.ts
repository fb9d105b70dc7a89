import { isToken } from '../entity/browsers.js'
import { markOf } from '../entity/mark.js'
import { notAGuard } from '../errors.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { RequestCaller } from './request-caller.js'
import type { NewToken } from './tokens.js'

/** The methods of `totp` that are about one request, beside the guard. */
export interface RequestMethods<Request, Reply> {
  /** The caller, for the methods of the verifier. Throws `UnidentifiedError` if no user is logged in. */
  caller (request: Request): Promise<SessionCaller>
  /**
   * Writes the mark that a method of the verifier returned to the session of this request, and rotates the
   * session's id if it has one; null changes nothing. Without it the session is not approved. With the
   * `browserTokens` that the method returned, it also writes the cookie of remembered browsers. With
   * `tokenSession`, it resolves the new token: send it to the client.
   */
  keep (
    request: Request, reply: Reply, mark: string | null, browserTokens?: readonly string[] | null
  ): Promise<NewToken>
  /**
   * Withdraws the approval of this session. Call it at every login, once the identity is known, and at every
   * logout. With `tokenSession`, it resolves the token for a client that stays.
   */
  forget (request: Request, reply: Reply): Promise<NewToken>
}

/**
 * Makes these methods. Used as a hook by mistake, each of them would let every request pass; a hook gets one
 * argument more than they take, so that is refused.
 */
export function requestMethods<Request, Reply> (
  { caller, keep, forget }: RequestCaller<Request, Reply>
): RequestMethods<Request, Reply> {
  return {
    async caller (request, ...misused: unknown[]) {
      refuseHook('caller', misused)
      return await caller(request)
    },

    async keep (request, reply, mark, browserTokens = null) {
      if (mark !== null && markOf(mark) === null) {
        throw new TypeError('keep takes a mark that a method of totp returned, or null')
      }
      if (browserTokens !== null && !(Array.isArray(browserTokens) && browserTokens.every(isToken))) {
        throw new TypeError('keep takes browserTokens that a method of totp returned, or null')
      }
      return await keep(request, reply, { mark, rotate: true, browserTokens })
    },

    async forget (request, reply, ...misused: unknown[]) {
      refuseHook('forget', misused)
      return await forget(request, reply)
    }
  }
}

function refuseHook (name: string, misused: readonly unknown[]): void {
  if (misused.length > 0) throw notAGuard(name)
}
