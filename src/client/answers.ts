import type * as schemas from '../http/plain-schemas.js'
import type { Valid } from '../http/schema.js'

/** The client keeps the token of an answer, and passes on the rest. */
type Answer<Schema> = Omit<Valid<Schema>, 'token'>

/** Body of `POST /factors`. */
export type EnrollInput = Valid<typeof schemas.EnrollBody>
/** Body of `POST /challenges`. */
export type ChallengeInput = Valid<typeof schemas.ChallengeBody>

/** Answer of `GET /factors`. */
export type FactorList = Answer<typeof schemas.FactorsSchema>
/** Answer of `POST /factors`: show the binding now, because no later answer has it. */
export type Enrolled = Answer<typeof schemas.EnrolledSchema>
/** Answer of `POST /factors/:sid/verify`. */
export type VerifiedFactor = Answer<typeof schemas.VerifiedSchema>
/** Answer of `PATCH /factors/:sid`. */
export type Renamed = Answer<typeof schemas.RenamedSchema>
/** Answer of `POST /challenges`. */
export type Challenged = Answer<typeof schemas.ChallengedSchema>
/** Answer of `POST /recovery`. */
export type RecoveredAccess = Answer<typeof schemas.RecoveredSchema>
/** Answer of `POST /recovery-codes`: show them now, because no later answer has them. */
export type RecoveryCodes = Answer<typeof schemas.RecoveryCodesSchema>
/** Answer of `GET /browsers`. */
export type RememberedBrowsers = Answer<typeof schemas.BrowsersSchema>
/** Answer of the endpoints that delete. */
export type Done = void
