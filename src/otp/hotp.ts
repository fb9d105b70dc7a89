import { createHmac, type KeyObject } from 'node:crypto'

/** The hash under the HMAC; authenticator apps that ignore the parameter assume `sha1`. */
export type Alg = 'sha1' | 'sha256' | 'sha512'

/** What RFC 4226 leaves open: the hash and the number of digits. */
export interface HotpConfig {
  /** Hash under the HMAC. */
  readonly alg: Alg
  /** Digits of a code, 6 to 8. */
  readonly codeLength: number
}

/** The code of one counter value, RFC 4226 section 5.3: zero-padded digits. */
export function hotp (key: KeyObject, counter: number, { alg, codeLength }: HotpConfig): string {
  const hs = createHmac(alg, key).update(counterBytes(counter)).digest()
  const offset = hs.readUInt8(hs.length - 1) & 0x0f
  const snum = hs.readUInt32BE(offset) & 0x7fffffff
  return String(snum % 10 ** codeLength).padStart(codeLength, '0')
}

function counterBytes (counter: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(counter))
  return bytes
}
