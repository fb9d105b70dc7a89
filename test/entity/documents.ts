import { hashOf, type Session } from '../../src/entity/mark.js'
import {
  newEntity, newSid, type Entity, type StoredApproval, type UnverifiedEmbedded, type EmbeddedFactor
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

/** An approval that the session with this mark got now. */
export function approvalWith (mark: string, entity: Entity, at = NOW): StoredApproval {
  const { generation, factors: [factor] } = entity
  return { hash: hashOf(mark), formerMarks: [], factorSid: factor?.sid ?? newSid('YF'), at, generation }
}
