import { claimsOf, type ClaimSettings, type TotpClaims } from '../entity/claims.js'
import { newMark } from '../entity/mark.js'
import { InvalidOptionError, StoreError } from '../errors.js'
import type { Method } from '../method.js'
import type { TokenPort } from '../sessions/token-session.js'
import { secondsOf, type Clock } from '../time/clock.js'
import { deadlineIn } from '../time/deadline.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'

/** What an endpoint does to the mark of a session. */
export interface MarkChange {
  /** The sessions whose mark it changes, at most: all of them, or only those with, or without, a mark. */
  readonly of: 'all' | 'marked' | 'unmarked'
  /** How it approves the session; null where it doesn't. */
  readonly method: Method | null
}

/** A token that was signed before the change that it is for, and the caller who gets its mark. */
export interface Prepared {
  readonly caller: SessionCaller
  readonly token: string
}

/** What a client with a bearer token gets from a change. */
export interface NewToken {
  /** With `tokenSession`, the token to use from now on; absent where the present one stays. */
  readonly token?: string
}

/** Signs tokens, where marks travel in them. */
export interface TokenIssuer<Request> {
  /**
   * Signs the token that a change will need; null if the change can't touch this session's mark. It comes
   * before the change: a code must not be spent if no token can be signed, and an attacker must not learn
   * that it was right.
   */
  prepare (request: Request, caller: SessionCaller, change: MarkChange): Promise<Prepared | null>
  /** Signs the token of a change that was made already, for a caller whose session has this mark now. */
  keep (request: Request, caller: SessionCaller, mark: string): Promise<NewToken>
  /**
   * Withdraws the approval of the session at once, even if no token can be signed after that. Where the token
   * has no mark, nothing ends.
   */
  withdraw (request: Request, caller: SessionCaller): Promise<NewToken>
}

/** The syntax of bearer tokens (RFC 6750), so that a client can send back every token that it gets. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

/** Signs tokens through the host's own `issue`, which may fail, hang, or answer with anything. */
export function tokenIssuer<Request> (
  port: TokenPort<Request>,
  { clock, timeout, ...settings }: ClaimSettings & { readonly clock: Clock, readonly timeout: number },
  verifier: Pick<Verifier, 'claims' | 'withdraw'>
): TokenIssuer<Request> {
  async function issue (request: Request, totp: TotpClaims): Promise<string> {
    const token = await deadlineIn(timeout).call(() => port.issue(request, totp)).catch(error => {
      throw new StoreError(error)
    })
    if (typeof token === 'string' && TOKEN.test(token)) return token
    throw new InvalidOptionError('tokenSession.issue', 'must return a token: a string in the syntax of RFC 6750')
  }

  async function sign (request: Request, caller: SessionCaller, method: Method | null): Promise<Prepared> {
    const nextMark = newMark()
    const approval = method === null ? null : { method, at: secondsOf(clock) }
    const token = await issue(request, claimsOf(settings, nextMark, approval))
    return { caller: { ...caller, session: { ...caller.session, nextMark } }, token }
  }

  return {
    async prepare (request, caller, { of, method }) {
      const isMarked = caller.session.mark !== null
      return of === 'all' || isMarked === (of === 'marked') ? await sign(request, caller, method) : null
    },

    async keep (request, caller, mark) {
      const session = { ...caller.session, mark }
      return { token: await issue(request, await verifier.claims({ ...caller, session })) }
    },

    async withdraw (request, caller) {
      if (caller.session.mark === null) return {}
      // A logout spends nothing, so it doesn't wait until a token is signed.
      const { mark } = await verifier.withdraw(caller)
      return mark === null ? {} : { token: await issue(request, claimsOf(settings, mark, null)) }
    }
  }
}
