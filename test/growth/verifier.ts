import { randomBytes } from 'node:crypto'
import { jitter } from '../../src/time/back-off.js'
import { MAX_FACTORS } from '../../src/entity/entity.js'
import type { EntityStore, Verifier } from '../../src/index.js'
import { embeddedProvider } from '../../src/providers/embedded.js'
import type { RemoteProvider } from '../../src/providers/provider.js'
import { providersOf } from '../../src/providers/providers.js'
import { createKeyring } from '../../src/seal.js'
import { entitiesIn } from '../../src/verifier/entities.js'
import { createVerifier } from '../../src/verifier/verifier.js'

const MAX_AGE = 43_200
export const keyring = createKeyring([randomBytes(32)])

/** What a verifier here works with. */
export interface Parts {
  readonly store: EntityStore
  readonly clock: () => number
  /** Makes the factors, in the place of the embedded provider. */
  readonly remote?: RemoteProvider
}

/** A verifier without a server around it, that takes as many factors as a document may have. */
export function verifierOn ({ store, clock, remote }: Parts): Verifier {
  const emit = () => {}
  const embedded = embeddedProvider({ issuer: 'Acme', keyring })
  return createVerifier({
    entities: entitiesIn({ store, clock, timeout: 60, backOff: jitter, emit }),
    providers: providersOf(embedded, remote ?? embedded, []),
    ...keyring,
    emit,
    limits: { lockAfter: 5, lockFor: 30, disableAfter: 50 },
    config: { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 },
    maxAge: MAX_AGE,
    freshness: 300,
    maxFactors: MAX_FACTORS,
    reenroll: false,
    timeout: 60
  })
}
