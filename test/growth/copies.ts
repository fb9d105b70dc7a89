import { randomBytes } from 'node:crypto'
import { entityOf, newSid, type Entity } from '../../src/entity/entity.js'
import { encodeSecret } from '../../src/otp/secret.js'
import { authenticator } from '../authenticator.js'
import type { Draws } from './draws.js'
import { keyring } from './verifier.js'

const SECRET = randomBytes(20)
const FACTOR_SID = /YF[0-9a-f]{32}/g
/** SHA-256 in Base64url. */
const HASH = /"[A-Za-z0-9_-]{43}"/g

/** The phone of every identity whose document is a copy. */
export const phoneOfCopies = authenticator(encodeSecret(SECRET))

/**
 * A document as the plugin would have made it for another identity that lived the same year: sids, seals,
 * hashes, revision and generation are its own.
 */
export function copyOf (
  document: Entity, { identity, friendlyName }: { identity: string, friendlyName: string }, draws: Draws
): Entity {
  const sids = new Map(document.factors.map(({ sid }) => [sid, newSid('YF')]))
  const sidOf = (sid: string) => sids.get(sid) ?? sid
  const generation = draws.below(2 ** 48)
  const text = JSON.stringify({
    ...document,
    identity,
    revision: draws.below(2 ** 48),
    generation,
    sid: newSid('YE'),
    factors: document.factors.map(factor => {
      const context = { identity, factorSid: sidOf(factor.sid) }
      return { ...factor, friendlyName, sealed: keyring.seal(SECRET, context) }
    }),
    unverified: null,
    approvals: document.approvals.map(approval => ({ ...approval, generation }))
  })
  return entityOf(identity, JSON.parse(text.replace(FACTOR_SID, sidOf).replace(HASH, () => `"${newHash(draws)}"`)))
}

function newHash ({ below }: Draws): string {
  return Buffer.from(Uint32Array.from({ length: 8 }, () => below(2 ** 32)).buffer).toString('base64url')
}
