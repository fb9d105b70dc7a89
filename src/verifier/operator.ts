import { voidApprovals } from '../entity/approvals.js'
import { newEntity, noAttempts, type Entity } from '../entity/entity.js'
import { livingUnverified, removeUnverified, removeVerified } from '../entity/factors.js'
import type { TotpEventType } from '../events.js'
import { change, type VerifierContext } from './context.js'
import type { Decision, EventDraft } from './entities.js'
import { deleteLeftovers } from './remote/leftovers.js'

/** Voids all approvals and the unverified factor of an identity, for example after a change of password. */
export async function revoke (context: VerifierContext, identity: string): Promise<void> {
  await operate(context, identity, 'identity.revoked', voidApprovals)
}

/** Clears the counts, the lock and the disabled state of an identity; its factors stay. */
export async function unlock (context: VerifierContext, identity: string): Promise<void> {
  await operate(context, identity, 'identity.unlocked', (entity, now) => ({
    ...entity, attempts: { ...noAttempts(now), pending: entity.attempts.pending }
  }))
}

/**
 * Removes every factor of an identity, and everything else that is kept about it. Factors that Twilio still
 * has are remembered, and calling this again deletes them there.
 */
export async function reset (context: VerifierContext, identity: string): Promise<void> {
  await change(context, { identity, operator: true }, (entity, now): Decision<undefined> => {
    if (entity === null) return { answer: undefined }
    const sids = entity.factors.map(({ sid }) => sid)
    const { leftovers } = removeVerified(removeUnverified(entity), sids)
    const unverified = livingUnverified(entity, now)
    const deleted = [...sids, ...unverified === null ? [] : [unverified.sid]]
    return {
      // The sid stays until Twilio has deleted its entity, which has the sid for a name.
      next: leftovers.length === 0 ? null : { ...newEntity(identity, now), sid: entity.sid, leftovers },
      answer: undefined,
      events: [
        { type: 'identity.reset', factorSid: null },
        ...deleted.map((factorSid): EventDraft => ({ type: 'factor.deleted', factorSid }))
      ]
    }
  })
  await deleteLeftovers(context, { identity, operator: true })
}

/** Does nothing where nothing is kept about the identity. */
async function operate (
  context: VerifierContext,
  identity: string,
  type: TotpEventType,
  act: (entity: Entity, now: number) => Entity
): Promise<void> {
  await change(context, { identity, operator: true }, (entity, now) => {
    if (entity === null) return { answer: undefined }
    return { next: act(entity, now), answer: undefined, events: [{ type, factorSid: null }] }
  })
}
