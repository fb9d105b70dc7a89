import { isDeepStrictEqual } from 'node:util'
import { atOnce } from '../at-once.js'
import type { Entity, Leftover, UnverifiedFactor, VerifiedFactor } from '../entity/entity.js'
import { areKeys, must } from '../options.js'
import { checkedTag } from '../providers/tag.js'
import { createKeyring, type Keyring } from '../seal.js'
import { keyOf } from '../stores/entities.js'
import { AT_ONCE, entitiesOf, identitiesIn, orRefused, type RefusedIdentity, type ScanOptions } from './scan.js'

/** Options of `reseal`. */
export interface ResealOptions extends ScanOptions {
  /** The keys of the plugin: secrets are sealed with the first; all of them open. */
  readonly keys: readonly Uint8Array[]
}

/** What became of the secrets of one identity. */
export interface ResealedIdentity {
  readonly identity: string
  /** `current` when everything was under the first key already, and nothing was written. */
  readonly status: 'resealed' | 'current'
}

/** What a key is in: the seal of a secret, or the tag of what is at Twilio. */
type Sealed = VerifiedFactor | UnverifiedFactor | Leftover

/**
 * Seals every secret of the plugin under the first key that isn't yet, while servers run. All of them need
 * that key as their first before: what is sealed under a key that nobody has any more is lost. A repetition
 * does what is left. Rejects when the store fails.
 *
 * When one run has told of nothing but `current`, the other keys open nothing any more, but for the digests
 * of codes that were right at Twilio a moment ago: take those keys away ten minutes later.
 */
export async function * reseal (
  { keys, ...options }: ResealOptions
): AsyncGenerator<ResealedIdentity | RefusedIdentity, void, undefined> {
  must('keys', areKeys(keys), 'must be one or more different keys of 32 bytes each')
  const keyring = createKeyring(keys)
  const entities = entitiesOf(options)

  yield * atOnce(AT_ONCE, identitiesIn(options), async identity =>
    await orRefused(identity, async () => await entities.change<ResealedIdentity>(keyOf(identity), entity => {
      const next = entity && resealed(keyring, entity)
      return isDeepStrictEqual(next, entity)
        ? { answer: { identity, status: 'current' } }
        : { next, answer: { identity, status: 'resealed' } }
    })))
}

/** The entity with everything under the first key. */
function resealed (keyring: Keyring, entity: Entity): Entity {
  const renewed = <K extends Sealed>(kept: K): K => ({ ...kept, ...renewal(keyring, entity.identity, kept) })
  return {
    ...entity,
    factors: entity.factors.map(renewed),
    unverified: entity.unverified && renewed(entity.unverified),
    leftovers: entity.leftovers.map(renewed)
  }
}

/** The seal or the tag that it has under the first key; the same one where it has that already. */
function renewal (
  keyring: Keyring, identity: string, kept: Sealed
): { readonly sealed: string } | { readonly tag: string } {
  if (!('sealed' in kept)) return { tag: checkedTag(keyring, identity, kept) }
  const context = { identity, factorSid: kept.sid }
  const { secret, stale } = keyring.open(kept.sealed, context)
  return { sealed: stale ? keyring.seal(secret, context) : kept.sealed }
}
