import type { VerifiedFactor, UnverifiedFactor } from '../entity/entity.js'
import type { TotpConfig } from '../otp/totp.js'

/** What a new factor is made of. */
export interface NewFactor {
  readonly identity: string
  readonly factorSid: string
  readonly friendlyName: string
  readonly config: TotpConfig
  /** Base32 of a secret that was made elsewhere; without it the provider makes one. */
  readonly secret: string | undefined
}

/** Secret and URI of a new factor, shown once, and what is kept of them. */
export interface Binding {
  /** Base32, for people who can't scan. */
  readonly secret: string
  /** The `otpauth://` URI, for the QR code. */
  readonly uri: string
  /** The secret as it is kept. */
  readonly sealed: string
}

/** What a provider found out about a code. It is no verdict: whether the step is spent, the entity knows. */
export interface Judgement {
  /** The highest step whose code it is, or null. */
  readonly step: number | null
  /** The secret as it is to be kept from now on. */
  readonly sealed: string
}

/** Makes secrets and judges codes. Throws when it can't: nothing is approved, nothing is counted. */
export interface Provider {
  /** Recorded with each factor: a factor is judged by the provider that made it. */
  readonly name: 'embedded'
  /** Makes the secret of a new factor. Throws `MalformedError` for a given secret that can't be one. */
  bind (factor: NewFactor): Binding
  /** Judges a code. The work is the same whatever the code. */
  judge (identity: string, factor: VerifiedFactor | UnverifiedFactor, code: string, now: number): Judgement
  /** True when this is the secret of the factor. */
  holds (identity: string, factor: VerifiedFactor | UnverifiedFactor, secret: string): boolean
}
