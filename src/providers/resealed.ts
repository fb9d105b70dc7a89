import type { Entity, Leftover, UnverifiedFactor, VerifiedFactor } from '../entity/entity.js'
import type { Keyring } from '../seal.js'
import { hasOwn } from '../own-property.js'
import { checkedTag, tagsOf } from './tag.js'

/** A record that depends on a key: by the seal of a secret, or by the tag of a factor at Twilio. */
type Keyed = VerifiedFactor | UnverifiedFactor | Leftover

type SealingKeyring = Pick<Keyring, 'seal' | 'open' | 'tags'>

/**
 * The entity with everything under the first key, and bound to `owner`: its own identity, or the one that it
 * moves to. Throws `UnsealableError` if a seal doesn't open, or a tag isn't right, under any key.
 */
export function resealed (keyring: SealingKeyring, entity: Entity, owner: string = entity.identity): Entity {
  const renewed = <K extends Keyed>(record: K): K => ({
    ...record, ...renewal(keyring, entity.identity, owner, record)
  })
  return {
    ...entity,
    identity: owner,
    factors: entity.factors.map(renewed),
    unverified: entity.unverified && renewed(entity.unverified),
    leftovers: entity.leftovers.map(renewed)
  }
}

/** The seal or tag under the first key. One that is already right stays the same. */
function renewal (
  keyring: SealingKeyring, identity: string, owner: string, record: Keyed
): { readonly sealed: string } | { readonly tag: string } {
  if (!hasOwn(record, 'sealed')) {
    const tag = checkedTag(keyring, identity, record)
    return { tag: owner === identity ? tag : tagsOf(keyring, owner, record.sid, record.remote)[0] }
  }
  const { secret, stale } = keyring.open(record.sealed, { identity, factorSid: record.sid })
  if (!stale && owner === identity) return { sealed: record.sealed }
  return { sealed: keyring.seal(secret, { identity: owner, factorSid: record.sid }) }
}
