import { timingSafeEqual, type KeyObject } from 'node:crypto'
import { hotp, type HotpConfig } from './hotp.js'

/** What RFC 6238 leaves open, kept with each factor so that new options never re-interpret old factors. */
export interface TotpConfig extends HotpConfig {
  /** Seconds for which one code is current, X of RFC 6238. */
  readonly timeStep: number
  /** Steps accepted on either side of the current one. */
  readonly skew: number
}

/** T of RFC 6238 section 4.2 at `now` in Unix seconds. */
export function stepAt (now: number, timeStep: number): number {
  return Math.floor(now / timeStep)
}

/**
 * The highest step of the window whose code is `code`, or null. The highest, because two steps of one window
 * can have the same code: burning the lower one would let the code work again. Every step is computed and
 * compared in constant time whatever matches, so that the time taken tells nothing.
 */
export function matchingStep (key: KeyObject, code: string, now: number, config: TotpConfig): number | null {
  const typed = Buffer.alloc(config.codeLength)
  const whole = typed.write(code, 'utf8') === code.length && code.length === config.codeLength
  const current = stepAt(now, config.timeStep)
  let matched: number | null = null
  for (let step = Math.max(0, current - config.skew); step <= current + config.skew; step++) {
    const equal = timingSafeEqual(Buffer.from(hotp(key, step, config), 'latin1'), typed)
    matched = equal && whole ? step : matched
  }
  return matched
}
