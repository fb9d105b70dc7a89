import { atOnce } from '../at-once.js'
import type { Entity, Leftover, UnverifiedFactor, VerifiedFactor } from '../entity/entity.js'
import { areKeys, must } from '../options.js'
import { checkedTag } from '../providers/tag.js'
import { createKeyring, type Keyring } from '../seal.js'
import { keyOf } from '../stores/entities.js'
import { AT_ONCE, entitiesOf, identitiesIn, reasonOf, type ScanOptions } from './entities.js'
import type { RefusedIdentity } from './report.js'

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
 * Seals every secret under the first key that isn't yet, while instances run; those must have that key as
 * their first already. A repetition does what is left. Rejects when the store fails.
 *
 * When one run has told of nothing but `current`, the other keys open nothing any more that is kept, but for
 * the digests of codes that were right at Twilio a moment ago: take those keys away ten minutes later.
 */
export async function * reseal (
  { keys, ...options }: ResealOptions
): AsyncGenerator<ResealedIdentity | RefusedIdentity, void, undefined> {
  must('keys', areKeys(keys), 'must be one or more different keys of 32 bytes each')
  const keyring = createKeyring(keys)
  const entities = entitiesOf(options)

  yield * atOnce(AT_ONCE, identitiesIn(options), async identity => {
    try {
      return await entities.change<ResealedIdentity>(keyOf(identity), entity => {
        const next = entity && resealed(keyring, entity)
        return next === null || next === entity
          ? { answer: { identity, status: 'current' } }
          : { next, answer: { identity, status: 'resealed' } }
      })
    } catch (error) {
      return { identity, status: 'refused', reason: reasonOf(error) } as const
    }
  })
}

/** The entity with everything under the first key; the same one when it is. */
function resealed (keyring: Keyring, entity: Entity): Entity {
  const renewed = <K extends Sealed>(kept: K): K => renewedBy(renewal(keyring, entity.identity, kept), kept)
  const factors = entity.factors.map(renewed)
  const unverified = entity.unverified && renewed(entity.unverified)
  const leftovers = entity.leftovers.map(renewed)
  const isCurrent = unverified === entity.unverified &&
    factors.every((factor, i) => factor === entity.factors[i]) &&
    leftovers.every((leftover, i) => leftover === entity.leftovers[i])
  return isCurrent ? entity : { ...entity, factors, unverified, leftovers }
}

/** What it has under the first key in the place of what it has; null when that is the same. */
function renewal (
  keyring: Keyring, identity: string, kept: Sealed
): { readonly sealed: string } | { readonly tag: string } | null {
  if (!('sealed' in kept)) {
    const tag = checkedTag(keyring, identity, kept)
    return tag === kept.tag ? null : { tag }
  }
  const context = { identity, factorSid: kept.sid }
  const { secret, stale } = keyring.open(kept.sealed, context)
  return stale ? { sealed: keyring.seal(secret, context) } : null
}

function renewedBy<K extends Sealed> (change: ReturnType<typeof renewal>, kept: K): K {
  return change === null ? kept : { ...kept, ...change }
}
