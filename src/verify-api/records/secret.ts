import { hotpKey } from '../../otp/hotp.js'
import { keyUri } from '../../otp/key-uri.js'
import { areSameKey } from '../../otp/same-key.js'
import { encodeSecret, newSecret } from '../../otp/secret.js'
import { matchingStep, type TotpConfig } from '../../otp/totp.js'
import type { Keyring, SealContext } from '../../seal.js'
import type { EntityDocument, StoredFactor } from './documents.js'

/** Secret and URI of a new factor, shown once. */
export interface Binding {
  readonly secret: string
  readonly uri: string
}

/** The entity that a factor belongs to. */
export type Owner = Pick<EntityDocument, 'serviceSid' | 'identity'>

/** A code that was sent for a factor. */
export interface CodeAttempt {
  readonly keyring: Keyring
  readonly owner: Owner
  readonly factor: StoredFactor
  readonly code: string
  readonly now: number
}

/** The binding of a new factor, with the imported secret or a random one. */
export function createBinding (
  imported: Buffer | undefined, issuer: string, account: string, config: TotpConfig
): { readonly bytes: Buffer, readonly binding: Binding } {
  const bytes = imported ?? newSecret(config.alg)
  const secret = encodeSecret(bytes)
  return { bytes, binding: { secret, uri: keyUri({ issuer, account, secret, config }) } }
}

/** Seals the secret of a factor for its document. */
export function sealSecret (keyring: Keyring, owner: Owner, factorSid: string, secret: Buffer): string {
  return keyring.seal(secret, contextOf(owner, factorSid))
}

/** True if the factor has this secret. */
export function isSecretOf (keyring: Keyring, owner: Owner, factor: StoredFactor, secret: Buffer): boolean {
  const { secret: own } = keyring.open(factor.sealed, contextOf(owner, factor.sid))
  return areSameKey(own, secret, factor.config.alg)
}

/**
 * Burns the step of a right code: the factor as it is to be stored, or null if the code is wrong or spent.
 * The factor keeps when the spent step ends instead of the step's number, because the same number is another
 * time when the time step changes: the code must stay spent, and the factor must keep working.
 */
export function spendStep ({ keyring, owner, factor, code, now }: CodeAttempt): StoredFactor | null {
  const context = contextOf(owner, factor.sid)
  const { secret, stale } = keyring.open(factor.sealed, context)
  const { alg, timeStep } = factor.config
  const step = matchingStep(hotpKey(alg, secret), code, now, factor.config)
  if (step === null || step * timeStep < factor.spentUntil) return null
  return {
    ...factor,
    sealed: stale ? keyring.seal(secret, context) : factor.sealed,
    spentUntil: (step + 1) * timeStep
  }
}

/** Binds a sealed secret to its entity and factor: it can't be opened for any other. */
function contextOf ({ serviceSid, identity }: Owner, factorSid: string): SealContext {
  return { identity: `${serviceSid}:${identity.toLowerCase()}`, factorSid }
}
