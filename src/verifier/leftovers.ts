import type { Entity, Leftover } from '../entity/entity.js'
import { answeredInTime } from './asking.js'
import { identityOf } from './caller.js'
import { change, type VerifierContext } from './context.js'

/**
 * Deletes what Twilio still has of removed factors, and answers the sids of those for which that failed: they
 * are unusable through us already, an event tells of them, and it can be repeated.
 */
export async function sweep (context: VerifierContext, identity: string): Promise<readonly string[]> {
  const { entities, emit } = context
  const { entity, now } = await entities.read(identityOf(identity))
  const leftovers = entity?.leftovers ?? []
  const deleted = await Promise.all(leftovers.map(async leftover => await isDeleted(context, leftover)))
  const gone = leftovers.filter((_, index) => deleted[index] === true)
  if (gone.length > 0) await forget(context, identity, gone)
  const left = leftovers.filter(leftover => !gone.includes(leftover)).map(({ factorSid }) => factorSid)
  for (const factorSid of left) emit({ type: 'factor.undeleted', identity, factorSid, at: now })
  return left
}

async function isDeleted ({ providers, timeout }: VerifierContext, { remote }: Leftover): Promise<boolean> {
  try {
    await answeredInTime(timeout, async () => await providers.remote(remote.serviceSid).remove(remote))
    return true
  } catch {
    return false
  }
}

async function forget (context: VerifierContext, identity: string, gone: readonly Leftover[]): Promise<void> {
  const sids = gone.map(({ factorSid }) => factorSid)
  await change(context, { identity }, entity => {
    if (entity === null) return { answer: undefined }
    const leftovers = entity.leftovers.filter(({ factorSid }) => !sids.includes(factorSid))
    const next = { ...entity, leftovers }
    return { next: isBlank(next) ? null : next, answer: undefined }
  })
}

/** True when nothing is kept that anybody would miss. */
function isBlank ({ factors, unverified, approvals, ended, leftovers, attempts }: Entity): boolean {
  const { failures, unknown, asked, tally, disabledAt } = attempts
  return [factors, approvals, ended, leftovers, asked].every(list => list.length === 0) &&
    unverified === null && failures + unknown + tally === 0 && disabledAt === null
}
