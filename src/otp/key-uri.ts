import type { TotpConfig } from './totp.js'

/** What an authenticator app has to know about a factor. */
export interface KeyUriParts {
  /** The service, shown above the account. */
  readonly issuer: string
  /** The account, shown below the issuer. */
  readonly account: string
  /** Base32 without padding. */
  readonly secret: string
  readonly config: TotpConfig
}

/**
 * The `otpauth://` URI of Google's Key Uri Format. Neither issuer nor account should contain a colon, the
 * separator of the label: it is refused where they come in, but for the stand-in, which doesn't know that
 * Verify refuses it. A space has to be `%20`: apps show the `+` of form encoding.
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
