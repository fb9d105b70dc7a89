import { hashOf, type Session } from '../../src/entity/mark.js'
import {
  newEntity, newSid, type Entity, type Pass, type StoredApproval, type UnverifiedEmbedded, type EmbeddedFactor
} from '../../src/entity/entity.js'

/** The time of all documents here, in Unix seconds. */
export const NOW = 1_800_000_000

const ENROLLED = {
  friendlyName: 'My phone',
  provider: 'embedded',
  config: { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 },
  sealed: 'key.nonce.box',
  createdAt: NOW
} as const

/** A verified factor. */
export function verifiedFactor (differences: Partial<EmbeddedFactor> = {}): EmbeddedFactor {
  return { ...ENROLLED, sid: newSid('YF'), verifiedAt: NOW, lastUsedAt: NOW, lastStep: NOW / 30, ...differences }
}

/** An unverified factor, enrolled by the session with this mark. */
export function unverifiedFactor (
  mark: string | null, generation: number, differences: Partial<UnverifiedEmbedded> = {}
): UnverifiedEmbedded {
  return { ...ENROLLED, sid: newSid('YF'), hash: mark && hashOf(mark), generation, failures: 0, ...differences }
}

/** Alice's entity. */
export function entityWith (differences: Partial<Entity> = {}): Entity {
  return { ...newEntity('alice', NOW), ...differences }
}

/** A login session whose request begins now. */
export function sessionWith (mark: string | null, began = NOW): Session {
  return { hash: mark && hashOf(mark), began }
}

/** An approval by a recovery code or a pass, that the session with this mark got now. */
export function recoveredWith (
  mark: string, { generation }: Entity, method: 'recovery' | 'pass', at = NOW
): StoredApproval {
  return { hash: hashOf(mark), formerMarks: [], method, at, generation }
}

/** A pass that was issued now, for ten minutes. */
export function passWith ({ generation }: Entity, differences: Partial<Pass> = {}): Pass {
  return { hash: hashOf('a pass'), by: 'Carol of support', at: NOW, life: 600, generation, ...differences }
}

/** An approval that the session with this mark got now. */
export function approvalWith (mark: string, entity: Entity, at = NOW): StoredApproval {
  const { generation, factors: [factor] } = entity
  return { hash: hashOf(mark), formerMarks: [], method: 'totp', factorSid: factor?.sid ?? newSid('YF'), at, generation }
}
