import { newEntity, type Entity } from '../entity/entity.js'
import { dropUnverified } from '../entity/factors.js'
import { ConflictError, MalformedError } from '../errors.js'
import { resealed } from '../providers/resealed.js'
import { identityOf, type Operator } from './caller.js'
import type { VerifierContext } from './context.js'
import { requireOpen, type Decision } from './entities.js'

/**
 * Moves everything that is kept about a user to another identity. The old entity is closed first. The new one
 * is closed too until the old one is gone: at no time does a code work in both, and an interrupted move never
 * replaces what became of the new entity. It leaves the user refused, and is finished by repeating it.
 */
export async function move (context: VerifierContext, identity: string, to: string): Promise<void> {
  const [from, target] = [identityOf(identity), identityOf(to)]
  if (from === target) throw new MalformedError('"to" must be another identity')
  const [old, fresh] = [operatorOf(from), operatorOf(target)]
  const entity = await close(context, old, fresh)
  if (entity !== null) {
    const outcome = await create(context, fresh, entity)
    if (outcome === 'occupied') {
      await reopen(context, old, target)
      throw occupied()
    }
    // Another call has finished the move, and this one may have created again what was reset since.
    if (!await deleteMoved(context, old, entity) && outcome === 'created') throw new ConflictError()
  }
  await open(context, fresh)
}

function operatorOf (identity: string): Operator {
  return { identity, operator: true }
}

function occupied (): MalformedError {
  return new MalformedError('something is kept about the identity to move to: reset that one first')
}

/**
 * Closes the entity for everything but this move. Resolves the entity that is to take its place, or null if
 * nothing is kept. A secret that no key opens refuses the move before anything is closed.
 */
async function close (context: VerifierContext, old: Operator, fresh: Operator): Promise<Entity | null> {
  const { identity: to } = fresh
  const present = await context.entities.changeClosed(fresh, (entity): Decision<Entity | null> => {
    if (entity?.movingTo !== to) requireOpen(entity)
    return { answer: entity }
  })
  return await context.entities.changeClosed(old, (entity, now): Decision<Entity | null> => {
    if (entity === null) return { answer: null }
    const answer = movedEntity(context, entity, to, now)
    if (entity.movingTo === to) return { answer }
    if (entity.movingTo !== null) {
      throw new MalformedError('a move to yet another identity was interrupted: repeat that one first')
    }
    if (present !== null) throw occupied()
    return { next: { ...entity, movingTo: to }, answer }
  })
}

/**
 * Factors, spent codes, counts and locks stay. Approvals, enrollments and remembered browsers end: they
 * belong to sessions and cookies of the old identity. The sid stays too, because Twilio knows the user by it.
 */
function movedEntity (context: VerifierContext, entity: Entity, to: string, now: number): Entity {
  const { revision, generation } = newEntity(to, now)
  const moved = resealed(context, dropUnverified(entity), to)
  const ended = { approvals: [], withdrawn: [], pass: null, browsers: [] }
  return { ...moved, revision, generation, movingTo: null, ...ended }
}

/** Creates the entity, closed. An earlier call may have done so already. */
async function create (
  context: VerifierContext, fresh: Operator, moved: Entity
): Promise<'created' | 'present' | 'occupied'> {
  return await context.entities.changeClosed(fresh, (present): Decision<'created' | 'present' | 'occupied'> => {
    if (present !== null) return { answer: present.sid === moved.sid ? 'present' : 'occupied' }
    return { next: { ...moved, movingTo: fresh.identity }, answer: 'created' }
  })
}

/** Whether the old entity was still there. */
async function deleteMoved (context: VerifierContext, old: Operator, { sid }: Entity): Promise<boolean> {
  return await context.entities.changeClosed(old, (entity): Decision<boolean> =>
    entity?.sid === sid ? { next: null, answer: true } : { answer: false })
}

/** Opens the new entity. An entity that moves to its own identity is one that was moved there. */
async function open (context: VerifierContext, fresh: Operator): Promise<void> {
  await context.entities.changeClosed(fresh, (entity): Decision<undefined> => {
    if (entity?.movingTo !== fresh.identity) return { answer: undefined }
    return {
      next: { ...entity, movingTo: null },
      answer: undefined,
      events: [{ type: 'identity.moved', factorSid: null }]
    }
  })
}

async function reopen (context: VerifierContext, old: Operator, to: string): Promise<void> {
  await context.entities.changeClosed(old, (entity): Decision<undefined> => {
    return entity?.movingTo === to
      ? { next: { ...entity, movingTo: null }, answer: undefined }
      : { answer: undefined }
  })
}
