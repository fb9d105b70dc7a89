import { randomBytes } from 'node:crypto'
import { base32nopad } from '@scure/base'
import { MalformedError } from '../errors.js'
import type { Alg } from './hmac.js'

/** RFC 4226 R6: a shared secret has at least 128 bits. */
const MIN_BYTES = 16
/** No HMAC gains from more than its block of 128 bytes, and the key URI must fit into a QR code. */
const MAX_BYTES = 128
/** RFC 6238 section 5.1: keys are as long as the output of the HMAC. */
const LENGTHS: Readonly<Record<Alg, number>> = { sha1: 20, sha256: 32, sha512: 64 }

/** A new random secret, as long as the output of its HMAC. */
export function newSecret (alg: Alg): Buffer {
  return randomBytes(LENGTHS[alg])
}

/** Base32 of RFC 4648 section 6 in upper case without padding, which authenticator apps accept. */
export function encodeSecret (secret: Uint8Array): string {
  return base32nopad.encode(secret)
}

/**
 * Decodes a secret that was created elsewhere. Users copy secrets in lower case and in groups, so case,
 * spaces and hyphens don't matter. Otherwise RFC 4648 section 12 applies: no foreign characters, impossible
 * lengths or stray bits. Throws `MalformedError` for those, and for a secret that is too short, too long or
 * one byte repeated.
 */
export function decodeSecret (text: string): Buffer {
  const secret = decodeBase32(text.replace(/[ -]/g, '').replace(/={1,6}$/, ''))
  if (secret.length < MIN_BYTES || secret.length > MAX_BYTES) {
    throw new MalformedError(`secret must have ${MIN_BYTES} to ${MAX_BYTES} bytes`)
  }
  if (secret.every(byte => byte === secret[0])) throw new MalformedError('secret must be random, not one byte repeated')
  return secret
}

function decodeBase32 (text: string): Buffer {
  try {
    // Only ASCII letters are changed: in Unicode the upper case of ß is SS.
    return Buffer.from(base32nopad.decode(text.replace(/[a-z]/g, letter => letter.toUpperCase())))
  } catch {
    throw new MalformedError('secret must be base32: A to Z and 2 to 7')
  }
}
