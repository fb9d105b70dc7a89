import type { Entity, Leftover } from '../../entity/entity.js'
import { answeredInTime, keeperOf } from './ask.js'
import { change, type VerifierContext } from '../context.js'

/**
 * Deletes at Twilio what it still has of removed factors, of one or of all. Answers why something is left of
 * them, or null. It never rejects: they are unusable through us already, an event tells of those that are
 * left, and it can be repeated.
 */
export async function sweep (context: VerifierContext, identity: string, sid?: string): Promise<unknown> {
  try {
    return await swept(context, identity, sid)
  } catch (error) {
    return error
  }
}

async function swept (context: VerifierContext, identity: string, only?: string): Promise<unknown> {
  const { document: entity, now } = await context.entities.read(identity)
  const asked = entity?.leftovers.filter(({ sid }) => only === undefined || sid === only) ?? []
  const failures = await Promise.all(asked.map(async leftover =>
    await failedDeletion(context, identity, leftover)))
  const left = asked.filter((_, index) => failures[index] !== null)
  for (const { sid } of left) context.emit({ type: 'factor.leftover', identity, factorSid: sid, at: now })
  const gone = asked.filter(leftover => !left.includes(leftover))
  if (gone.length > 0) await forget(context, identity, gone)
  return failures.find(failure => failure !== null) ?? null
}

/** Why a factor could not be deleted, or null. */
async function failedDeletion (
  context: VerifierContext, identity: string, leftover: Leftover
): Promise<unknown> {
  try {
    const provider = keeperOf(context, identity, leftover)
    await answeredInTime(context.timeout, async () => await provider.remove(leftover.remote))
    return null
  } catch (error) {
    return error
  }
}

async function forget (context: VerifierContext, identity: string, gone: readonly Leftover[]): Promise<void> {
  const sids = gone.map(({ sid }) => sid)
  await change(context, { identity }, entity => {
    if (entity === null) return { answer: undefined }
    const next = { ...entity, leftovers: entity.leftovers.filter(({ sid }) => !sids.includes(sid)) }
    return { next: isBlank(next) ? null : next, answer: undefined }
  })
}

/** True when nothing is kept that anybody would miss. */
function isBlank ({ factors, unverified, approvals, ended, leftovers, attempts }: Entity): boolean {
  const { failures, unknown, asked, tally, disabledAt } = attempts
  return [factors, approvals, ended, leftovers, asked].every(list => list.length === 0) &&
    unverified === null && failures + unknown + tally === 0 && disabledAt === null
}
