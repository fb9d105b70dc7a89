export { createTotpClient } from './client/client.js'
export type { Ask, Codes, Question, Reply } from './client/asking.js'
export type { CallOptions, TotpClient, TotpClientOptions } from './client/client.js'
export type {
  Challenged, ChallengeInput, Done, Enrolled, EnrollInput, FactorList, RecoveredAccess, RememberedBrowsers,
  RecoveryCodes, Renamed, VerifiedFactor
} from './client/answers.js'
export type { Fetch } from './client/fetch.js'
export type { FailureCode, Result, TotpFailure } from './client/result.js'
export { withTotp } from './client/with-totp.js'
export type { UnrepeatableError, WithTotpOptions } from './client/with-totp.js'
