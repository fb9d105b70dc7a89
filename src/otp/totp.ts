import { timingSafeEqual } from 'node:crypto'
import type { HmacKey } from './hmac.js'
import { hotpValue, type HotpConfig } from './hotp.js'

/** What RFC 6238 leaves open, kept with each factor so that new options never re-interpret old factors. */
export interface TotpConfig extends HotpConfig {
  /** Seconds for which one code is current, X of RFC 6238. */
  readonly timeStep: number
  /** Steps accepted on either side of the current one. */
  readonly skew: number
}

/** Where codes are compared. Nothing waits meanwhile, so one place is enough. */
const typed = new Uint32Array(1)
const computed = new Uint32Array(1)

/** T of RFC 6238 section 4.2 at `now` in Unix seconds. */
export function stepAt (now: number, timeStep: number): number {
  return Math.floor(now / timeStep)
}

/**
 * The highest step of the window whose code is `code`, or null. The highest, because two steps of one window
 * can have the same code: burning the lower one would let the code work again. Every step is computed and
 * compared in constant time whatever matches, so that the time taken tells nothing.
 */
export function matchingStep (
  key: HmacKey, code: string, now: number, { codeLength, timeStep, skew }: TotpConfig
): number | null {
  const whole = code.length === codeLength && /^[0-9]*$/.test(code)
  typed[0] = whole ? Number(code) : 0
  const current = stepAt(now, timeStep)
  let matched: number | null = null
  for (let step = Math.max(0, current - skew); step <= current + skew; step++) {
    computed[0] = hotpValue(key, step, codeLength)
    const equal = timingSafeEqual(computed, typed)
    matched = equal && whole ? step : matched
  }
  return matched
}
