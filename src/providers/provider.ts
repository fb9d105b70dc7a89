import type { EmbeddedFactor, Remote, UnverifiedEmbedded } from '../entity/entity.js'
import type { TotpError } from '../errors.js'
import type { TotpConfig } from '../otp/totp.js'

/** Makes secrets and judges codes: here, or by asking somebody else. */
export type Provider = LocalProvider | RemoteProvider

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

/**
 * What a local provider found out about a code. It is no verdict: whether the step is spent, the entity
 * knows.
 */
export interface Judgement {
  /** The highest step whose code it is, or null. */
  readonly step: number | null
  /** The secret as it is to be kept from now on. */
  readonly sealed: string
}

/**
 * Judges in this process, at once, so that one write can hold the verdict and all that follows from it.
 * Throws when it can't judge: nothing is approved, nothing is counted.
 */
export interface LocalProvider {
  /** Recorded with each factor: a factor is judged by the provider that made it. */
  readonly name: 'embedded'
  /** Makes the secret of a new factor. Throws `MalformedError` for a given secret that can't be one. */
  bind (factor: NewFactor): Binding
  /** Judges a code. The work is the same whatever the code. */
  judge (identity: string, factor: EmbeddedFactor | UnverifiedEmbedded, code: string, now: number): Judgement
  /** True when this is the secret of the factor. */
  isSecretOf (identity: string, factor: EmbeddedFactor, secret: string): boolean
}

/** Secret and URI of a new factor at a remote provider, shown once, and what is kept of it. */
export interface RemoteBinding {
  /** Base32, for people who can't scan. */
  readonly secret: string
  /** The `otpauth://` URI, for the QR code. */
  readonly uri: string
  /** What its codes are made of. */
  readonly config: TotpConfig
  /** Where it is kept. */
  readonly remote: Remote
}

/** A verified factor that a remote provider has. */
export interface RemoteFactor {
  readonly friendlyName: string
  readonly config: TotpConfig
  /** When it was created there, in Unix seconds. */
  readonly createdAt: number
}

/** What a remote provider made of a code. */
export type Outcome =
  /** It is right, and was so for exactly what was asked. */
  | { readonly verdict: 'approved' }
  /** It is wrong. */
  | { readonly verdict: 'denied', readonly challengeSid: string | null }
  /** Surely nobody has judged it. */
  | { readonly verdict: 'unjudged', readonly refusal: TotpError }
  /**
   * It may have been judged, one way or the other; `unfit`: the answer is about something else, or of no
   * sense.
   */
  | { readonly verdict: 'unknown' | 'unfit', readonly refusal: TotpError }

/** The same of the first code of a factor; `ended`: no code verifies this factor any more. */
export type FirstOutcome = Outcome | { readonly verdict: 'ended' }

/**
 * Asks somebody else. So each attempt is counted before it is asked about, its answer is compared with what
 * was asked, and nothing is asked twice.
 */
export interface RemoteProvider {
  /** Recorded with each factor. */
  readonly name: 'twilio'
  /** The service whose factors these are, recorded with each of them too. */
  readonly serviceSid: string
  /** Throws `InvalidOptionError` for what this provider can't make factors of. */
  requireConfig (config: TotpConfig): void
  /** Makes a factor. Throws a `TotpError` when that failed. `identity` is the entity's own sid. */
  bind (factor: Omit<NewFactor, 'factorSid'>): Promise<RemoteBinding>
  /** Judges the first code of a factor. Never rejects. */
  verify (remote: Remote, code: string): Promise<FirstOutcome>
  /** Judges a code by a new challenge, or by one that a wrong code left pending. Never rejects. */
  challenge (remote: Remote, code: string, pendingSid: string | null): Promise<Outcome>
  /** Deletes a factor; one that isn't there any more is deleted. Throws `ProviderError` when that failed. */
  remove (remote: Remote): Promise<void>
  /**
   * What there is of a factor that somebody has verified. Throws a `TotpError` when there is no such factor.
   */
  fetch (remote: Remote): Promise<RemoteFactor>
}
