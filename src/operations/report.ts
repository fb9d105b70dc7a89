import { atOnce } from '../at-once.js'
import type { Entity, VerifiedFactor } from '../entity/entity.js'
import { publicFactor, type Factor } from '../entity/factors.js'
import { keyOf } from '../stores/entities.js'
import { AT_ONCE, entitiesOf, identitiesIn, orRefused, type RefusedIdentity, type ScanOptions } from './scan.js'

/** A verified factor, and who judges its codes. */
export interface ReportedFactor extends Factor {
  /** When it gave its first right code, or was adopted, in Unix seconds. */
  readonly verifiedAt: number
  /** When it last gave a right code, or was adopted, in Unix seconds. */
  readonly lastUsedAt: number
  /** The provider that made it. */
  readonly provider: VerifiedFactor['provider']
}

/** An identity of which something is kept, without anything secret. */
export interface ReportedIdentity {
  readonly identity: string
  /** Whether it has a verified factor. */
  readonly status: 'enrolled' | 'unenrolled'
  /** Verified ones, in the order of their verification. */
  readonly factors: readonly ReportedFactor[]
  /** Wrong codes since the last right one. */
  readonly failures: number
  /** When challenges were disabled, in Unix seconds; null when they aren't. */
  readonly disabledAt: number | null
}

/** Tells who is enrolled, and with what. Rejects when the store fails. */
export async function * report (
  options: ScanOptions
): AsyncGenerator<ReportedIdentity | RefusedIdentity, void, undefined> {
  const entities = entitiesOf(options)

  yield * atOnce(AT_ONCE, identitiesIn(options), async identity =>
    await orRefused(identity, async () => {
      const { document } = await entities.read(keyOf(identity))
      return reported(identity, document)
    }))
}

function reported (identity: string, entity: Entity | null): ReportedIdentity {
  // It may have gone since it was listed.
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
