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

/** Letters and digits of base32 by their values, RFC 4648 section 6. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Bits of the last character that belong to no byte, by the count of characters beyond the last group of
 * eight. Other counts are impossible.
 */
const STRAY_BITS: Readonly<Record<number, number>> = { 0: 0, 2: 2, 4: 4, 5: 1, 7: 3 }

/**
 * Decodes a secret that was created elsewhere. Users copy secrets in lower case and in groups, so case,
 * blanks and hyphens don't matter. Other systems draw letters at random instead of bytes, so bits beyond the
 * last byte are ignored, as authenticator apps do. Throws `MalformedError` for foreign characters and
 * impossible lengths, and for a secret that is too short, too long or one byte repeated.
 */
export function decodeSecret (text: unknown): Buffer {
  if (typeof text !== 'string') throw new MalformedError('secret must be a string')
  const secret = decodeBase32(text.replace(/[\s\p{Z}\p{Cf}-]/gu, '').replace(/={1,6}$/, ''))
  if (secret.length < MIN_BYTES) throw new MalformedError(`secret is too short: it must have at least ${MIN_BYTES} bytes`)
  if (secret.length > MAX_BYTES) throw new MalformedError(`secret is too long: it must have at most ${MAX_BYTES} bytes`)
  if (secret.every(byte => byte === secret[0])) throw new MalformedError('secret must be random, not one byte repeated')
  return secret
}

function decodeBase32 (text: string): Buffer {
  if (!/^[A-Za-z2-7]*$/.test(text)) {
    throw new MalformedError('secret must be base32: it has a character other than A to Z and 2 to 7')
  }
  const strayBits = STRAY_BITS[text.length % 8]
  if (strayBits === undefined) {
    throw new MalformedError('secret must be base32: it has a length that is impossible, so a part of it is missing')
  }
  const whole = text.toUpperCase().replace(/.$/, last =>
    ALPHABET.charAt(ALPHABET.indexOf(last) >> strayBits << strayBits))
  return Buffer.from(base32nopad.decode(whole))
}
