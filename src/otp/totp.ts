import { timingSafeEqual } from 'node:crypto'
import type { HmacKey } from './hmac.js'
import { hotpValue, type HotpConfig } from './hotp.js'

/**
 * The parameters of RFC 6238. Each factor keeps its own, so new options never reinterpret existing factors.
 */
export interface TotpConfig extends HotpConfig {
  /** Seconds for which a code is current, X of RFC 6238. */
  readonly timeStep: number
  /** Steps accepted on either side of the current one. */
  readonly skew: number
}

/** Buffers in which codes are compared. Nothing is awaited meanwhile, so one of each is enough. */
const typed = new Uint32Array(1)
const computed = new Uint32Array(1)

/** The step at `now` in Unix seconds: T of RFC 6238 section 4.2. */
export function stepAt (now: number, timeStep: number): number {
  return Math.floor(now / timeStep)
}

/**
 * The highest step of the window that has this code, or null. The highest, because two steps of one window
 * can have the same code: if the lower one were spent, the code would work again. Every step is computed and
 * compared in constant time, so the time taken doesn't tell which one matched.
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

/**
 * Seconds that the clock of an app is ahead, negative if it is behind, whose code is of one of `reach` steps
 * before or after the window; null for any other code. Of several steps with this code, the nearest counts.
 * The code has as many digits as the factor's.
 */
export function clockOffset (
  key: HmacKey, code: string, now: number, { codeLength, timeStep, skew }: TotpConfig, reach: number
): number | null {
  const [current, typed] = [stepAt(now, timeStep), Number(code)]
  for (let distance = skew + 1; distance <= skew + reach; distance++) {
    for (const steps of [-distance, distance]) {
      const step = current + steps
      if (step >= 0 && hotpValue(key, step, codeLength) === typed) return steps * timeStep
    }
  }
  return null
}
