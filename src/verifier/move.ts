import { newEntity, type Entity } from '../entity/entity.js'
import { dropUnverified } from '../entity/factors.js'
import { MalformedError } from '../errors.js'
import { resealed } from '../providers/resealed.js'
import { identityOf, type Operator } from './caller.js'
import type { VerifierContext } from './context.js'
import type { Decision } from './entities.js'

/**
 * Moves everything that is kept about a user to another identity. The old entity is closed first, and deleted
 * last: at no time does a code work in both. An interrupted move leaves the user refused, and is finished by
 * repeating it.
 */
export async function move (context: VerifierContext, identity: string, to: string): Promise<void> {
  const [from, target] = [identityOf(identity), identityOf(to)]
  if (from === target) throw new MalformedError('"to" must be another identity')
  const [old, fresh] = [operatorOf(from), operatorOf(target)]
  const entity = await close(context, old, fresh)
  if (entity === null) return
  if (await create(context, fresh, entity)) return await deleteMoved(context, old, entity)
  await reopen(context, old, target)
  throw occupied()
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
  const { document: present } = await context.entities.read(fresh)
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
 * Factors, spent codes, counts and locks stay. Approvals and enrollments end: they belong to sessions of the
 * old identity. The sid stays too, because Twilio knows the user by it.
 */
function movedEntity (context: VerifierContext, entity: Entity, to: string, now: number): Entity {
  const { revision, generation } = newEntity(to, now)
  const moved = resealed(context, dropUnverified(entity), to)
  return { ...moved, revision, generation, movingTo: null, approvals: [], withdrawn: [] }
}

/** False if something else is there. An earlier call may have created the entity already. */
async function create (context: VerifierContext, fresh: Operator, moved: Entity): Promise<boolean> {
  return await context.entities.change(fresh, (present): Decision<boolean> => {
    if (present !== null) return { answer: present.sid === moved.sid }
    return { next: moved, answer: true, events: [{ type: 'identity.moved', factorSid: null }] }
  }, 'operator')
}

async function deleteMoved (context: VerifierContext, old: Operator, { sid }: Entity): Promise<void> {
  await context.entities.changeClosed(old, (entity): Decision<undefined> =>
    entity?.sid === sid ? { next: null, answer: undefined } : { answer: undefined })
}

async function reopen (context: VerifierContext, old: Operator, to: string): Promise<void> {
  await context.entities.changeClosed(old, (entity): Decision<undefined> => {
    return entity?.movingTo === to
      ? { next: { ...entity, movingTo: null }, answer: undefined }
      : { answer: undefined }
  })
}
