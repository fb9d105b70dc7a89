import { hmac, hmacKey, type Alg, type HmacKey } from './hmac.js'

/** The parameters of RFC 4226. */
export interface HotpConfig {
  /** Hash function of the HMAC. */
  readonly alg: Alg
  /** Digits of a code, 6 to 8. */
  readonly codeLength: number
}

/** Bytes of the counter, RFC 4226 section 5.1. */
const COUNTER_BYTES = 8

/** A secret prepared for counters. */
export function hotpKey (alg: Alg, secret: Uint8Array): HmacKey {
  return hmacKey(alg, secret, COUNTER_BYTES)
}

/** The code of a counter value, padded with zeros. */
export function hotp (key: HmacKey, counter: number, codeLength: number): string {
  return String(hotpValue(key, counter, codeLength)).padStart(codeLength, '0')
}

/** The code of a counter value as a number, RFC 4226 section 5.3. */
export function hotpValue (key: HmacKey, counter: number, codeLength: number): number {
  key.message.setUint32(0, Math.floor(counter / 2 ** 32))
  key.message.setUint32(4, counter % 2 ** 32)
  const hs = hmac(key)
  const offset = hs.charCodeAt(hs.length - 1) & 0x0f
  const snum = (hs.charCodeAt(offset) & 0x7f) << 24 | hs.charCodeAt(offset + 1) << 16 |
    hs.charCodeAt(offset + 2) << 8 | hs.charCodeAt(offset + 3)
  return snum % 10 ** codeLength
}
