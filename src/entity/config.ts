import { byDefault, integer, oneOf } from '../option-checks.js'
import type { TotpConfig } from '../otp/totp.js'

/** Each parameter of a factor's codes: how it is checked, and its default. */
export const CONFIG_RULES = {
  alg: byDefault<TotpConfig['alg']>('sha1', oneOf('sha1', 'sha256', 'sha512')),
  codeLength: byDefault(6, integer(6, 8)),
  timeStep: byDefault(30, integer(15, 120)),
  skew: byDefault(1, integer(0, 1))
}
