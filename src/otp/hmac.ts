import { hash } from 'node:crypto'

/** The hash under the HMAC; authenticator apps that ignore the parameter assume `sha1`. */
export type Alg = 'sha1' | 'sha256' | 'sha512'

/** Bytes that each hash works on at a time, B of RFC 2104. */
const BLOCKS: Readonly<Record<Alg, number>> = { sha1: 64, sha256: 64, sha512: 128 }

/** Bytes of each hash's output. */
const OUTPUTS: Readonly<Record<Alg, number>> = { sha1: 20, sha256: 32, sha512: 64 }

/**
 * A secret made ready for messages of one length: K XOR ipad and K XOR opad of RFC 2104, each with what is
 * hashed behind it.
 */
export interface HmacKey {
  readonly alg: Alg
  readonly inner: Buffer
  readonly outer: Buffer
  /** The room for the message, in `inner`. */
  readonly message: DataView
}

/** Makes a key for messages of `length` bytes. */
export function hmacKey (alg: Alg, secret: Uint8Array, length: number): HmacKey {
  const block = BLOCKS[alg]
  const key = secret.length > block ? hash(alg, secret, 'buffer') : secret
  const inner = Buffer.alloc(block + length)
  const outer = Buffer.alloc(block + OUTPUTS[alg])
  for (let i = 0; i < block; i++) {
    const byte = key[i] ?? 0
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  return { alg, inner, outer, message: new DataView(inner.buffer, inner.byteOffset + block, length) }
}

/**
 * HMAC of the key's message, RFC 2104 section 2, as a string with a character for each byte. Two hashes in
 * one go each take a third of the time of Node's own HMAC: no object is made for them.
 */
export function hmac ({ alg, inner, outer }: HmacKey): string {
  outer.write(hash(alg, inner, 'binary'), BLOCKS[alg], 'binary')
  return hash(alg, outer, 'binary')
}
