import { Secret, TOTP } from 'otpauth'

/** An authenticator app by somebody else: what it shows, our verifier has to accept. */
export interface Authenticator {
  /** The code of a moment in Unix seconds. */
  code (at: number): string
  /** A code that none of the steps around a moment has. */
  wrongCode (at: number): string
}

/** Reads what was shown at enrollment, as a phone would. */
export function authenticator (
  secret: string, { alg = 'sha1', codeLength = 6, timeStep = 30 } = {}
): Authenticator {
  const key = Secret.fromBase32(secret)
  const totp = new TOTP({ secret: key, algorithm: alg, digits: codeLength, period: timeStep })
  const code = (at: number) => totp.generate({ timestamp: at * 1000 })

  return {
    code,

    wrongCode (at) {
      const near = [-2, -1, 0, 1, 2].map(steps => code(at + steps * timeStep))
      let wrong = 0
      while (near.includes(String(wrong).padStart(codeLength, '0'))) wrong++
      return String(wrong).padStart(codeLength, '0')
    }
  }
}
