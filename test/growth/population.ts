import { randomBytes } from 'node:crypto'
import { hashOf, newMark } from '../../src/entity/mark.js'
import { newEntity, newSid, type Entity } from '../../src/entity/entity.js'
import type { SessionCaller } from '../../src/index.js'
import { encodeSecret } from '../../src/otp/secret.js'
import { authenticator } from '../authenticator.js'
import { keyring } from './verifier.js'

export const START = 1_800_000_000

const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const MARK = newMark()
const SECRET = randomBytes(20)

/** Everybody's phone: one secret, which is sealed for each of them. */
export const phone = authenticator(encodeSecret(SECRET))

/** Identities are numbered. */
export function identityAt (index: number): string {
  return `user-${index}`
}

/** A request of somebody's one login session. */
export function callerAt (index: number, now: number): SessionCaller {
  return { identity: identityAt(index), session: { mark: MARK, since: now } }
}

/** Somebody with a verified factor, whose session is approved. */
export function entityAt (index: number): Entity {
  const identity = identityAt(index)
  const entity = newEntity(identity, START)
  const sid = newSid('YF')
  return {
    ...entity,
    factors: [{
      provider: 'embedded',
      sealed: keyring.seal(SECRET, { identity, factorSid: sid }),
      sid,
      friendlyName: identity,
      config: CONFIG,
      createdAt: START,
      verifiedAt: START,
      lastUsedAt: START,
      lastStep: START / 30
    }],
    approvals: [
      { hash: hashOf(MARK), formerMarks: [], factorSid: sid, at: START, generation: entity.generation }
    ]
  }
}
