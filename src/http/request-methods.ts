import { InvalidOptionError } from '../errors.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { RequestCaller } from './request-caller.js'

/** The methods of `totp` that are about one request, beside the guard. */
export interface RequestMethods<Request, Reply> {
  /** The caller, for the methods of the verifier. Throws `UnidentifiedError` if no user is logged in. */
  caller (request: Request): Promise<SessionCaller>
  /**
   * Writes the mark that a method of the verifier returned to the session of this request, and rotates the
   * session's id if it has one; null changes nothing. Without it the session is not approved.
   */
  keep (request: Request, reply: Reply, mark: string | null): Promise<void>
  /**
   * Withdraws the approval of this session. Call it at every login, once the identity is known, and at every
   * logout.
   */
  forget (request: Request, reply: Reply): Promise<void>
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

function refuseHook (misused: readonly unknown[]): void {
  if (misused.length > 0) throw new InvalidOptionError('preHandler', 'must be what app.totp.required() returns')
}
