import type { Approval } from '../entity/approvals.js'
import type { RememberedBrowser } from '../entity/browsers.js'
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
export function wireApproval ({ method, factorSid, at, expiresAt }: Approval): object {
  return { method, factorSid, at: isoDate(at), expiresAt: isoDate(expiresAt) }
}

/** A remembered browser with its dates as ISO 8601. */
export function wireBrowser ({ sid, name, at, expiresAt, current }: RememberedBrowser): object {
  return { sid, name, at: isoDate(at), expiresAt: isoDate(expiresAt), current }
}

function isoDate (seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
