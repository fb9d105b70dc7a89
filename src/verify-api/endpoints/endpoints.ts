import { challenges } from './challenges.js'
import type { VerifyEndpoint } from './endpoint.js'
import { entities } from './entities.js'
import { factors } from './factors.js'
import { services } from './services.js'

/** Everything that the stand-in serves. */
export const ENDPOINTS: readonly VerifyEndpoint[] = [...services, ...entities, ...factors, ...challenges]
