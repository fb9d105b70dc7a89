import type { Entity, Leftover } from '../../entity/entity.js'
import { askForAnswer, providerOf } from './ask.js'
import { sourceOf, type Caller } from '../caller.js'
import { change, type VerifierContext } from '../context.js'

/**
 * Deletes removed factors that Twilio still has: the one of this sid, or all. Once nothing else is kept about
 * the user, Twilio's entity goes with the last one. Resolves the first failure, or null, and never rejects:
 * the factors are unusable here already, an event reports each one that is left, and the deletion can be
 * repeated.
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
  if (entity === null) return null
  const targets = entity.leftovers.filter(({ sid }) => only === undefined || sid === only)
  const factors = await Promise.all(targets.map(async leftover =>
    await tryDelete(context, identity, leftover)))
  const isLast = factors.every(failure => failure === null) && isAllOf(entity, targets)
  const failures = isLast ? await tryDeleteEntity(context, caller, targets) : factors
  const left = targets.filter((_, index) => failures[index] !== null)
  for (const { sid } of left) {
    context.emit(
      { type: 'factor.leftover', identity, factorSid: sid, method: null, by: null, at: now, ...sourceOf(caller) }, entity.sid)
  }
  const gone = targets.filter(leftover => !left.includes(leftover))
  if (gone.length > 0) await dropRecords(context, caller, gone)
  return failures.find(failure => failure !== null) ?? null
}

/** True when nothing but these leftovers, of which there are some, is kept. */
function isAllOf (entity: Entity, targets: readonly Leftover[]): boolean {
  const sids = targets.map(({ sid }) => sid)
  const others = entity.leftovers.filter(({ sid }) => !sids.includes(sid))
  return sids.length > 0 && isBlank({ ...entity, leftovers: others })
}

/**
 * Deletes the entity that held these factors at Twilio, if this package created it: the entity of an adopted
 * factor belongs to others, who may keep more in it. Resolves for each factor why that failed, or null.
 */
async function tryDeleteEntity (
  { entities, providers, timeout }: VerifierContext, caller: Caller, gone: readonly Leftover[]
): Promise<unknown[]> {
  const { document: entity } = await entities.read(caller)
  // The user may have enrolled again while Twilio was asked.
  if (entity === null || !isAllOf(entity, gone)) return gone.map(() => null)
  const { sid } = entity
  const services = new Set(gone.flatMap(({ remote: { identity, serviceSid } }) =>
    identity === sid ? [serviceSid] : []))
  const failures = new Map<string, unknown>()
  for (const service of services) {
    try {
      await askForAnswer(timeout, async () => await providers.remote(service).removeEntity(sid))
    } catch (error) {
      failures.set(service, error)
    }
  }
  return gone.map(({ remote }) => remote.identity === sid ? failures.get(remote.serviceSid) ?? null : null)
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
function isBlank (
  { factors, unverified, enrolledAt, approvals, withdrawn, leftovers, attempts }: Entity
): boolean {
  const { failures, unknown, pending, tally, disabledAt } = attempts
  return [factors, enrolledAt, approvals, withdrawn, leftovers, pending].every(list => list.length === 0) &&
    unverified === null && failures + unknown + tally === 0 && disabledAt === null
}
