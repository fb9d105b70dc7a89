import type { Entity, Leftover } from '../../entity/entity.js'
import { askForAnswer, providerOf } from './ask.js'
import { sourceOf, type Caller } from '../caller.js'
import { change, type VerifierContext } from '../context.js'

/**
 * Deletes removed factors that Twilio still has: the one of this sid, or all. Resolves the first failure, or
 * null, and never rejects: the factors are unusable here already, an event reports each one that is left, and
 * the deletion can be repeated.
 */
export async function deleteLeftovers (
  context: VerifierContext, caller: Caller, sid?: string
): Promise<unknown> {
  try {
    return await deleteAndDrop(context, caller, sid)
  } catch (error) {
    return error
  }
}

async function deleteAndDrop (context: VerifierContext, caller: Caller, only?: string): Promise<unknown> {
  const { identity } = caller
  const { document: entity, now } = await context.entities.read(caller)
  const targets = entity?.leftovers.filter(({ sid }) => only === undefined || sid === only) ?? []
  const failures = await Promise.all(targets.map(async leftover =>
    await tryDelete(context, identity, leftover)))
  const left = targets.filter((_, index) => failures[index] !== null)
  for (const { sid } of left) {
    context.emit(
      { type: 'factor.leftover', identity, factorSid: sid, at: now, ...sourceOf(caller) }, entity?.sid ?? null)
  }
  const gone = targets.filter(leftover => !left.includes(leftover))
  if (gone.length > 0) await dropRecords(context, caller, gone)
  return failures.find(failure => failure !== null) ?? null
}

/** Deletes a factor at Twilio. Resolves why that failed, or null. */
async function tryDelete (
  context: VerifierContext, identity: string, leftover: Leftover
): Promise<unknown> {
  try {
    const provider = providerOf(context, identity, leftover)
    await askForAnswer(context.timeout, async () => await provider.remove(leftover.remote))
    return null
  } catch (error) {
    return error
  }
}

async function dropRecords (
  context: VerifierContext, caller: Caller, gone: readonly Leftover[]
): Promise<void> {
  const sids = gone.map(({ sid }) => sid)
  await change(context, caller, entity => {
    if (entity === null) return { answer: undefined }
    const next = { ...entity, leftovers: entity.leftovers.filter(({ sid }) => !sids.includes(sid)) }
    return { next: isBlank(next) ? null : next, answer: undefined }
  })
}

/** True when the entity says nothing that a new one wouldn't, so that it can be deleted. */
function isBlank ({ factors, unverified, approvals, withdrawn, leftovers, attempts }: Entity): boolean {
  const { failures, unknown, pending, tally, disabledAt } = attempts
  return [factors, approvals, withdrawn, leftovers, pending].every(list => list.length === 0) &&
    unverified === null && failures + unknown + tally === 0 && disabledAt === null
}
