import type { Approval } from './approvals.js'

/**
 * What a token says about the second factor of its session. Only the mark proves anything, and only to the
 * guard: the other claims inform services that read the token, and can't be revoked before it expires.
 */
export interface TotpClaims {
  /**
   * The mark of the session: 22 characters. Copy it into every token of the session. With another option
   * `name`, the claim has that name.
   */
  readonly totp?: string
  /** When a challenge was approved, in Unix seconds. */
  readonly auth_time?: number
  /** How it was approved (RFC 8176); absent for recovery codes and passes. */
  readonly amr?: string[]
  /** The option `acr`; absent for recovery codes and passes. */
  readonly acr?: string
}

/** The options that say what claims there are. */
export interface ClaimSettings {
  /** Name of the claim that has the mark. */
  readonly name: string
  readonly amr: readonly string[]
  readonly acr?: string | undefined
}

/** The claims of a session with this mark, approved or not. */
export function claimsOf (
  { name, amr, acr }: ClaimSettings, mark: string, approval: Pick<Approval, 'method' | 'at'> | null
): TotpClaims {
  const marked = { [name]: mark }
  if (approval === null) return marked
  const { method, at } = approval
  if (method !== 'totp') return { ...marked, auth_time: at }
  return { ...marked, auth_time: at, amr: [...amr], ...acr === undefined ? {} : { acr } }
}
