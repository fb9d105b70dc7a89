import type { TotpConfig } from './totp.js'

/** The parts of a key URI. */
export interface KeyUriParts {
  /** Name of the service, which apps show above the account. */
  readonly issuer: string
  /** Name of the account, which apps show below the issuer. */
  readonly account: string
  /** Base32 without padding. */
  readonly secret: string
  readonly config: TotpConfig
}

/**
 * The `otpauth://` URI of Google's Key Uri Format. A colon separates issuer and account, so neither should
 * contain one. The plugin refuses it where they are given; the stand-in doesn't, because it isn't known that
 * Verify does. A space has to be `%20`: apps show the `+` of form encoding.
 */
export function keyUri ({ issuer, account, secret, config }: KeyUriParts): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  const parameters = [
    `secret=${secret}`,
    `issuer=${encodeURIComponent(issuer)}`,
    `algorithm=${config.alg.toUpperCase()}`,
    `digits=${config.codeLength}`,
    `period=${config.timeStep}`
  ]
  return `otpauth://totp/${label}?${parameters.join('&')}`
}
