import { voidApprovals } from '../entity/approvals.js'
import { newEntity, noAttempts, type Entity } from '../entity/entity.js'
import { removeUnverified, removeVerified } from '../entity/factors.js'
import type { TotpEventType } from '../events.js'
import { change, type VerifierContext } from './context.js'
import { sweep } from './remote/leftovers.js'

/** Voids all approvals and unverified factors of an identity, for example after a change of password. */
export async function revoke (context: VerifierContext, identity: string): Promise<void> {
  await operate(context, identity, 'identity.revoked', voidApprovals)
}

/** Clears the counts, the lock and the disabled state of an identity; its factors stay. */
export async function unlock (context: VerifierContext, identity: string): Promise<void> {
  await operate(context, identity, 'identity.unlocked', (entity, now) => ({
    ...entity, attempts: { ...noAttempts(now), asked: entity.attempts.asked }
  }))
}

/**
 * Removes every factor, and all else that is kept about an identity. As long as Twilio still has something of
 * it, that is remembered, and a repetition deletes it there.
 */
export async function reset (context: VerifierContext, identity: string): Promise<void> {
  await operate(context, identity, 'identity.reset', (entity, now) => {
    const { factors } = entity
    const { leftovers } = removeVerified(removeUnverified(entity), factors.map(({ sid }) => sid))
    return leftovers.length === 0 ? null : { ...newEntity(identity, now), leftovers }
  })
  await sweep(context, identity)
}

/** Where nothing is kept about an identity there is nothing to do. */
async function operate (
  context: VerifierContext,
  identity: string,
  type: TotpEventType,
  act: (entity: Entity, now: number) => Entity | null
): Promise<void> {
  await change(context, { identity }, (entity, now) => {
    if (entity === null) return { answer: undefined }
    return { next: act(entity, now), answer: undefined, events: [{ type, factorSid: null }] }
  })
}
