import { randomBytes } from 'node:crypto'
import { entityOf, newSid, type Entity } from '../../src/entity/entity.js'
import { encodeSecret } from '../../src/otp/secret.js'
import { authenticator } from '../authenticator.js'
import type { Draws } from './draws.js'
import { keyring } from './verifier.js'

const SECRET = randomBytes(20)

/** The phone of every identity whose document is a copy. */
export const phoneOfCopies = authenticator(encodeSecret(SECRET))

/**
 * A document as the plugin would have made it for another identity that lived the same year: sids, seals,
 * hashes, revision and generation are its own.
 */
export function copyOf (
  document: Entity, { identity, friendlyName }: { identity: string, friendlyName: string }, { below }: Draws
): Entity {
  const sids = new Map(document.factors.map(({ sid }) => [sid, newSid('YF')]))
  const sidOf = (sid: string) => sids.get(sid) ?? newSid('YF')
  const generation = below(2 ** 48)
  return entityOf(identity, {
    ...document,
    identity,
    revision: below(2 ** 48),
    generation,
    sid: newSid('YE'),
    factors: document.factors.map(factor => {
      const sid = sidOf(factor.sid)
      return { ...factor, sid, friendlyName, sealed: keyring.seal(SECRET, { identity, factorSid: sid }) }
    }),
    unverified: null,
    approvals: document.approvals.map(({ line, factorSid, at }) =>
      ({ hash: newHash(), line: line.map(newHash), factorSid: sidOf(factorSid), at, generation })),
    ended: document.ended.map(({ at }) => ({ hash: newHash(), at }))
  })
}

function newHash (): string {
  return randomBytes(32).toString('base64url')
}
