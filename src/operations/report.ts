import { inBatches } from '../in-batches.js'
import { UnfitError, type Entity, type VerifiedFactor } from '../entity/entity.js'
import { publicFactor, type Factor } from '../entity/factors.js'
import { keyOf } from '../verifier/entities.js'
import {
  BATCH_SIZE, entitiesIn, keyringOf, listIdentities, operation, orRefused, requireOpened,
  type RefusedIdentity, type ScanOptions
} from './scan.js'

/** Options of `report`. */
export interface ReportOptions extends ScanOptions {
  /** The keys of the plugin: an identity whose secrets they don't open is refused. @default none */
  readonly keys?: readonly Uint8Array[]
}

/** A verified factor, and the provider that judges its codes. */
export interface ReportedFactor extends Factor {
  /** When its first right code verified it, or when it was adopted, in Unix seconds. */
  readonly verifiedAt: number
  /** When its last right code was used, or when it was adopted, in Unix seconds. */
  readonly lastUsedAt: number
  /** The provider that created it. */
  readonly provider: VerifiedFactor['provider']
}

/** An identity that has a document, without its secrets. */
export interface ReportedIdentity {
  readonly identity: string
  /** Enrolled identities have a verified factor. */
  readonly status: 'enrolled' | 'unenrolled'
  /** The verified factors, in the order of their verification. */
  readonly factors: readonly ReportedFactor[]
  /** Wrong codes since the last right one. */
  readonly failures: number
  /** When challenges were disabled, in Unix seconds; null if they aren't. */
  readonly disabledAt: number | null
}

/**
 * Lists who is enrolled, and with which factors. Refused identities are those that the plugin can't use.
 * Rejects if the store fails.
 */
export const report = operation(reportAll)

async function * reportAll (
  { keys, ...options }: ReportOptions
): AsyncGenerator<ReportedIdentity | RefusedIdentity, void, undefined> {
  const keyring = keys === undefined ? null : keyringOf(keys)
  const entities = entitiesIn(options)

  yield * inBatches(BATCH_SIZE, listIdentities(options), async identity =>
    await orRefused(identity, async () => {
      const { document } = await entities.read(keyOf(identity))
      if (document !== null && document.movingTo !== null) {
        throw new UnfitError('its move from or to another identity was interrupted: repeat it')
      }
      if (document !== null && keyring !== null) requireOpened(keyring, document)
      return reported(identity, document)
    }))
}

/** The entity is null if it was deleted after it was listed. */
function reported (identity: string, entity: Entity | null): ReportedIdentity {
  const factors = entity?.factors ?? []
  return {
    identity,
    status: factors.length === 0 ? 'unenrolled' : 'enrolled',
    factors: factors.map(reportedFactor),
    failures: entity?.attempts.failures ?? 0,
    disabledAt: entity?.attempts.disabledAt ?? null
  }
}

function reportedFactor (factor: VerifiedFactor): ReportedFactor {
  const { verifiedAt, lastUsedAt, provider } = factor
  return { ...publicFactor(factor), verifiedAt, lastUsedAt, provider }
}
