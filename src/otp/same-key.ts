import type { Alg } from './hmac.js'
import { hotp, hotpKey } from './hotp.js'

/**
 * True for secrets that are the same key to the HMAC. RFC 2104 pads short keys with zeros and hashes long
 * ones, so different bytes may be the same key. Three equal codes of eight digits are no coincidence.
 */
export function areSameKey (one: Buffer, other: Buffer, alg: Alg): boolean {
  const [key, otherKey] = [hotpKey(alg, one), hotpKey(alg, other)]
  return [0, 1, 2].every(counter => hotp(key, counter, 8) === hotp(otherKey, counter, 8))
}
