import { hotpKey } from '../otp/hotp.js'
import { keyUri } from '../otp/key-uri.js'
import { areSameKey } from '../otp/same-key.js'
import { decodeSecret, encodeSecret, newSecret } from '../otp/secret.js'
import { clockOffset, matchingStep } from '../otp/totp.js'
import type { Keyring } from '../seal.js'
import type { LocalProvider } from './provider.js'

/** Steps beyond the window in which a code tells that the clock of a phone is wrong. */
const CLOCK_REACH = 10

/** The default provider: RFC 6238 in this process, with sealed secrets in the store. */
export function embeddedProvider ({ issuer, keyring }: { issuer: string, keyring: Keyring }): LocalProvider {
  return {
    name: 'embedded',

    bind ({ identity, factorSid, label, config, secret: given }) {
      const bytes = given === undefined ? newSecret(config.alg) : decodeSecret(given)
      const secret = encodeSecret(bytes)
      return {
        secret,
        uri: keyUri({ issuer, account: label, secret, config }),
        sealed: keyring.seal(bytes, { identity, factorSid })
      }
    },

    judge (identity, factor, code, now) {
      const context = { identity, factorSid: factor.sid }
      const { secret, stale } = keyring.open(factor.sealed, context)
      return {
        step: matchingStep(hotpKey(factor.config.alg, secret), code, now, factor.config),
        sealed: stale ? keyring.seal(secret, context) : factor.sealed
      }
    },

    clockOffset (identity, factor, code, now) {
      const { secret } = keyring.open(factor.sealed, { identity, factorSid: factor.sid })
      return clockOffset(hotpKey(factor.config.alg, secret), code, now, factor.config, CLOCK_REACH)
    },

    isSecretOf (identity, factor, secret) {
      const { secret: own } = keyring.open(factor.sealed, { identity, factorSid: factor.sid })
      return areSameKey(own, decodeSecret(secret), factor.config.alg)
    }
  }
}
