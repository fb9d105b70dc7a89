import type { Approval } from '../entity/approvals.js'
import type { Factor } from '../entity/factors.js'

/** A factor with its dates as ISO 8601. */
export function wireFactor (factor: Factor): object {
  return {
    ...briefFactor(factor),
    createdAt: isoDate(factor.createdAt),
    verifiedAt: factor.verifiedAt && isoDate(factor.verifiedAt),
    lastUsedAt: factor.lastUsedAt && isoDate(factor.lastUsedAt)
  }
}

/**
 * The part of a verified factor that a session without an approval may see: enough to answer a challenge.
 */
export function briefFactor ({ sid, friendlyName, status, config }: Factor): object {
  return { sid, friendlyName, status, config }
}

/** An approval with its dates as ISO 8601. */
export function wireApproval ({ factorSid, at, expiresAt }: Approval): object {
  return { factorSid, at: isoDate(at), expiresAt: isoDate(expiresAt) }
}

function isoDate (seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
