import { hotpKey } from '../../otp/hotp.js'
import { keyUri } from '../../otp/key-uri.js'
import { areSameKey } from '../../otp/same-key.js'
import { encodeSecret, newSecret } from '../../otp/secret.js'
import { matchingStep, type TotpConfig } from '../../otp/totp.js'
import type { Keyring, SealContext } from '../../seal.js'
import type { EntityDocument, StoredFactor } from './documents.js'

/** What a new factor shows once. */
export interface Binding {
  readonly secret: string
  readonly uri: string
}

/** Whose a factor is. */
export type Owner = Pick<EntityDocument, 'serviceSid' | 'identity'>

/** Secret and URI of a new factor; the secret is made here unless it was imported. */
export function bind (
  imported: Buffer | undefined, issuer: string, account: string, config: TotpConfig
): { readonly bytes: Buffer, readonly binding: Binding } {
  const bytes = imported ?? newSecret(config.alg)
  const secret = encodeSecret(bytes)
  return { bytes, binding: { secret, uri: keyUri({ issuer, account, secret, config }) } }
}

/** The secret as it is kept. */
export function seal (keyring: Keyring, owner: Owner, sid: string, secret: Buffer): string {
  return keyring.seal(secret, contextOf(owner, sid))
}

/** True when this is the secret of the factor. */
export function holds (keyring: Keyring, owner: Owner, factor: StoredFactor, secret: Buffer): boolean {
  const { secret: own } = keyring.open(factor.sealed, contextOf(owner, factor.sid))
  return areSameKey(own, secret, factor.config.alg)
}

/**
 * The factor with the code's step burnt, or null when the code isn't its own, or is spent. What is kept is
 * when the burnt step ends, not its number: steps of another length have other numbers, and when the length
 * changes, neither may a spent code work again nor may the factor stop working.
 */
export function burnt (
  keyring: Keyring, owner: Owner, factor: StoredFactor, code: string, now: number
): StoredFactor | null {
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

/** A secret opens for the entity and factor alone that it was sealed for. */
function contextOf ({ serviceSid, identity }: Owner, factorSid: string): SealContext {
  return { identity: `${serviceSid}:${identity.toLowerCase()}`, factorSid }
}
