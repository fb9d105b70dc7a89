import { hotpKey } from '../otp/hotp.js'
import { keyUri } from '../otp/key-uri.js'
import { areSameKey } from '../otp/same-key.js'
import { decodeSecret, encodeSecret, newSecret } from '../otp/secret.js'
import { matchingStep } from '../otp/totp.js'
import type { Keyring } from '../seal.js'
import type { LocalProvider } from './provider.js'

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

    isSecretOf (identity, factor, secret) {
      const { secret: own } = keyring.open(factor.sealed, { identity, factorSid: factor.sid })
      return areSameKey(own, decodeSecret(secret), factor.config.alg)
    }
  }
}
