import type { EmbeddedFactor, Remote, UnverifiedEmbedded } from '../entity/entity.js'
import type { TotpError } from '../errors.js'
import type { TotpConfig } from '../otp/totp.js'

/** Creates secrets and judges codes, in this process or by asking a remote service. */
export type Provider = LocalProvider | RemoteProvider

/** The properties of a new factor. */
export interface NewFactor {
  readonly identity: string
  readonly factorSid: string
  /** The account name that the app shows. */
  readonly label: string
  readonly config: TotpConfig
  /** Base32 of a secret that was created elsewhere; undefined for a new one. */
  readonly secret: string | undefined
}

/** Secret and URI of a new factor, shown once, and the secret as it is kept. */
export interface Binding {
  /** The secret in base32, for users who can't scan. */
  readonly secret: string
  /** The `otpauth://` URI, for the QR code. */
  readonly uri: string
  /** The sealed secret, which the entity keeps. */
  readonly sealed: string
}

/**
 * The result of judging a code locally. It isn't a verdict yet: the entity knows whether the step is spent.
 */
export interface Judgment {
  /** The highest step that has this code, or null. */
  readonly step: number | null
  /** The sealed secret to keep from now on, under the first key. */
  readonly sealed: string
}

/**
 * Judges codes synchronously in this process, so one write can record the verdict with everything that
 * follows from it. Throws when it can't judge: then nothing is approved or counted.
 */
export interface LocalProvider {
  /** Recorded with each factor: the provider that created a factor judges it. */
  readonly name: 'embedded'
  /** Creates the secret of a new factor. Throws `MalformedError` for an unusable given secret. */
  bind (factor: NewFactor): Binding
  /** Judges a code. It does the same work for every code. */
  judge (identity: string, factor: EmbeddedFactor | UnverifiedEmbedded, code: string, now: number): Judgment
  /**
   * Seconds that the clock of the app is ahead, negative if it is behind, if the code is of a time near now;
   * null for any other code. It tells more than a verdict,
   * so only the session that was shown the secret may learn it.
   */
  clockOffset (identity: string, factor: UnverifiedEmbedded, code: string, now: number): number | null
  /** True when the factor has this secret. */
  isSecretOf (identity: string, factor: EmbeddedFactor, secret: string): boolean
}

/** Secret and URI of a new factor at a remote provider, shown once, and where the provider keeps it. */
export interface RemoteBinding {
  /** The secret in base32, for users who can't scan. */
  readonly secret: string
  /** The `otpauth://` URI, for the QR code. */
  readonly uri: string
  /** Hash, code length, time step and skew of its codes. */
  readonly config: TotpConfig
  /** Where it is kept. */
  readonly remote: Remote
}

/** A verified factor at a remote provider. */
export interface RemoteFactor {
  readonly friendlyName: string
  readonly config: TotpConfig
  /** When it was created there, in Unix seconds. */
  readonly createdAt: number
}

/** The outcome of asking a remote provider about a code. */
export type Outcome =
  /** The code is right, and the answer is about exactly what was asked. */
  | { readonly verdict: 'approved' }
  /** The code is wrong. `challengeSid` names the challenge that it left pending. */
  | { readonly verdict: 'denied', readonly challengeSid: string | null }
  /** The code was certainly not judged. */
  | { readonly verdict: 'unjudged', readonly refusal: TotpError }
  /**
   * The code may have been judged either way. `unfit`: the answer is about something else, or makes no sense.
   */
  | { readonly verdict: 'unknown' | 'unfit', readonly refusal: TotpError }

/** The same for the first code of a factor. `ended`: no code can verify this factor any more. */
export type FirstOutcome = Outcome | { readonly verdict: 'ended' }

/**
 * Asks a remote service to judge. So each attempt is counted before asking, each answer is compared with the
 * question, and no question is repeated.
 */
export interface RemoteProvider {
  /** Recorded with each factor. */
  readonly name: 'twilio'
  /** The service that keeps the factors, recorded with each of them. */
  readonly serviceSid: string
  /** Throws `InvalidOptionError` unless this provider can create factors with this config. */
  requireConfig (config: TotpConfig): void
  /** Creates a factor. Throws a `TotpError` on failure. `identity` is the entity's sid, not the user's id. */
  bind (factor: Omit<NewFactor, 'factorSid'>): Promise<RemoteBinding>
  /** Judges the first code of a factor. Never rejects. */
  verify (remote: Remote, code: string): Promise<FirstOutcome>
  /** Judges a code with a new challenge, or with the pending one of this sid. Never rejects. */
  challenge (remote: Remote, code: string, pendingSid: string | null): Promise<Outcome>
  /** Deletes a factor, if it is still there. Throws `ProviderError` on failure. */
  remove (remote: Remote): Promise<void>
  /** Deletes an entity with everything in it, if it is still there. Throws `ProviderError` on failure. */
  removeEntity (identity: string): Promise<void>
  /** Looks up a verified factor. Throws a `TotpError` when there is none, or on failure. */
  fetch (remote: Remote): Promise<RemoteFactor>
}
