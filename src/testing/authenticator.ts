import { hotp } from '../otp/hotp.js'
import { stepAt } from '../otp/totp.js'
import { secondsOf, systemClock } from '../time/clock.js'
import type { TestClock } from './clock.js'
import { scanKey } from './key-uri.js'

/** An authenticator app in the process of a test. */
export interface VirtualAuthenticator {
  /** The name of the service, as the app shows it. */
  readonly issuer: string
  /** The name of the account, as the app shows it. */
  readonly account: string
  /** The code that the app shows now, even if it was given before. */
  code (): string
  /**
   * A code that this authenticator hasn't given: of the current time step, or of the first one after all that
   * were given. A `testClock` moves to that step, however far it was moved back. Any other clock stays, and
   * the server accepts the code early: after that it throws until time has passed.
   */
  nextCode (): string
}

/** Options of `virtualAuthenticator`. */
export interface VirtualAuthenticatorOptions {
  /**
   * The clock of the server: a `testClock`, or any function that returns Unix seconds. @default the clock of
   * this machine
   */
  readonly clock?: { (): number, advance?: TestClock['advance'] }
}

/**
 * Scans the key URI of a binding, as `POST /factors` answers it and `enroll` resolves it. Throws an error if
 * authenticator apps refuse the URI.
 */
export function virtualAuthenticator (
  binding: { readonly uri: string }, { clock = systemClock }: VirtualAuthenticatorOptions = {}
): VirtualAuthenticator {
  const { issuer, account, key, codeLength, timeStep } = scanKey(binding.uri)
  const currentStep = () => stepAt(secondsOf(clock), timeStep)
  let spent = -1

  function give (step: number): string {
    const code = hotp(key, step, codeLength)
    // Two neighbors may have the same code. The server then spends the higher step.
    const isTwin = hotp(key, step + 1, codeLength) === code
    spent = Math.max(spent, isTwin ? step + 1 : step)
    return code
  }

  return {
    issuer,
    account,
    code: () => give(currentStep()),

    nextCode () {
      const current = currentStep()
      const step = Math.max(current, spent + 1)
      if (clock.advance !== undefined) clock.advance(Math.max(0, step * timeStep - clock()))
      else if (step > current + 1) {
        throw new Error('the codes of the current and of the next time step were given already: move the clock, ' +
          'with a testClock for example, or wait for the next time step')
      }
      return give(step)
    }
  }
}
