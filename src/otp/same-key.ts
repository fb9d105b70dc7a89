import { createSecretKey } from 'node:crypto'
import { hotp, type Alg } from './hotp.js'

/**
 * True for secrets that are one key to the HMAC. RFC 2104 fills keys with zeros and hashes long ones, so
 * different bytes may be the same key; three codes of eight digits in common are no coincidence.
 */
export function areSameKey (one: Buffer, other: Buffer, alg: Alg): boolean {
  const [key, otherKey] = [createSecretKey(one), createSecretKey(other)]
  const config = { alg, codeLength: 8 }
  return [0, 1, 2].every(counter => hotp(key, counter, config) === hotp(otherKey, counter, config))
}
