import type { Method } from '../method.js'
import { isFuture, isWithin } from '../time/age.js'
import { MAX_FORMER_MARKS, MAX_SESSIONS, type Entity, type StoredApproval } from './entity.js'
import type { Session } from './mark.js'

/** An approved challenge, without the hash that proves it. */
export interface Approval {
  /** What approved: a factor's code, a recovery code, or an operator's pass. */
  readonly method: Method
  /** The factor whose code was right: `YF` and 32 hex digits. Null for the other methods. */
  readonly factorSid: string | null
  /** When the challenge was approved, in Unix seconds. */
  readonly at: number
  /** When the approval ends at the latest, in Unix seconds; a logout or a removed factor ends it earlier. */
  readonly expiresAt: number
}

/** Seconds that approvals last: `maxAge`, and `freshness` by a pass. */
export interface Ages {
  readonly maxAge: number
  readonly freshness: number
}

/** The approval of this session that is in force, or null. */
export function approvalOf (
  entity: Entity, session: Session, ages: Ages, now: number
): StoredApproval | null {
  if (session.hash === null) return null
  // From the newest on: the sessions in use are among the last.
  const approval = entity.approvals.findLast(({ hash }) => hash === session.hash)
  return approval !== undefined && isInForce(entity, approval, ages, now) ? approval : null
}

/**
 * True while an approval counts: same generation, factor still there, neither too old nor in the future. One
 * without a factor of its own counts while the identity has any.
 */
export function isInForce (
  { generation, factors }: Entity, approval: StoredApproval, ages: Ages, now: number
): boolean {
  return approval.generation === generation &&
    factors.some(({ sid }) => approval.method !== 'totp' || sid === approval.factorSid) &&
    isWithin(lifeOf(approval, ages), approval.at, now)
}

/** Seconds that the approval lasts. A pass is for the visit in which the user enrolls a new app. */
function lifeOf ({ method }: StoredApproval, { maxAge, freshness }: Ages): number {
  return method === 'pass' ? Math.min(maxAge, freshness) : maxAge
}

/** What approved a session: a code of a factor, or a code of no factor. */
export type Proof =
  | { readonly method: 'totp', readonly factorSid: string }
  | { readonly method: 'recovery' | 'pass' }

/**
 * Approves the session, which gets the mark of this `hash`. The new approval replaces the one that the
 * session had, and an unverified factor moves from the old mark to the new one. A pass that was given out is
 * void now: its user has got in.
 */
export function approve (
  entity: Entity,
  session: Session,
  proof: Proof,
  { hash, at }: Pick<StoredApproval, 'hash' | 'at'>
): { entity: Entity, approval: StoredApproval } {
  const formerMarks = session.hash === null ? [] : marksBehind(entity, session.hash).slice(-MAX_FORMER_MARKS)
  const moved = changeMark(entity, session, hash)
  const approval = { hash, formerMarks, ...proof, at, generation: entity.generation }
  const approvals = [...moved.approvals, approval].slice(-MAX_SESSIONS)
  return { entity: { ...moved, pass: null, approvals }, approval }
}

/**
 * Withdraws the session's approval; its new mark has this `hash`. Approvals that came of the same marks go
 * too: other requests of the session, and copies of its cookie, may have been given their own. Requests under
 * way can't bring the approval back, because they find the mark that they began with among the withdrawn
 * ones. Browsers that such an approval remembered go with it: the session hasn't seen its answer.
 */
export function withdraw (entity: Entity, session: Session, hash: string, now: number): Entity {
  const { hash: old } = session
  if (old === null) return entity
  const own = marksBehind(entity, old)
  const related = entity.approvals.filter(approval => marksOf(approval).some(mark => own.includes(mark)))
  const marks = new Set([...own, ...related.flatMap(marksOf)])
  const moved = changeMark(entity, session, hash)
  return {
    ...moved,
    approvals: moved.approvals.filter(approval => !related.includes(approval)),
    browsers: moved.browsers.filter(({ approval }) => own.includes(approval) || !marks.has(approval)),
    withdrawn: addWithdrawn(moved.withdrawn, marks, now)
  }
}

/**
 * Keeps the latest `MAX_SESSIONS`; of marks withdrawn at the same moment, the first of `marks`. Overflowing
 * the list gains nothing: to withdraw that often while one request is running takes the login itself.
 */
function addWithdrawn (
  withdrawn: Entity['withdrawn'], marks: ReadonlySet<string>, now: number
): Entity['withdrawn'] {
  const others = withdrawn.filter(({ hash }) => !marks.has(hash))
  const last = [...marks].map(hash => ({ hash, at: now })).reverse()
  return [...others, ...last].sort((one, other) => one.at - other.at).slice(-MAX_SESSIONS)
}

/** Seconds that withdrawn marks are kept. A request that takes longer changes nothing. */
export const LONGEST_REQUEST = 3600

/**
 * True when the session's mark was withdrawn while the request was under way, or may have been. Clocks may
 * differ a little; a withdrawal in the future is void, because the clock has gone back since.
 */
export function isWithdrawn ({ withdrawn }: Entity, { hash: own, began }: Session, now: number): boolean {
  return now - began > LONGEST_REQUEST ||
    withdrawn.some(({ hash, at }) => hash === own && !isFuture(began, at) && !isFuture(at, now))
}

/**
 * Voids every approval and remembered browser of this identity, its pass and its unverified factor, on every
 * instance at once: each carries the generation in which it began.
 */
export function voidApprovals (entity: Entity): Entity {
  return { ...entity, generation: entity.generation + 1 }
}

/** The marks that the session with this hash is known to have had, the present one last. */
function marksBehind ({ approvals }: Entity, hash: string): string[] {
  const approval = approvals.find(approval => approval.hash === hash)
  return approval === undefined ? [hash] : marksOf(approval)
}

/** The marks that the session of an approval has had, the present one last. */
function marksOf ({ formerMarks, hash }: StoredApproval): string[] {
  return [...formerMarks, hash]
}

function changeMark (entity: Entity, { hash: old }: Session, hash: string): Entity {
  if (old === null) return entity
  const approvals = entity.approvals.filter(({ hash }) => hash !== old)
  const { unverified } = entity
  const moved = unverified?.hash === old ? { ...unverified, hash } : unverified
  return { ...entity, approvals, unverified: moved }
}

/** The approval without the hash that proves it. */
export function publicApproval (approval: StoredApproval, ages: Ages): Approval {
  const { method, at } = approval
  return { method, factorSid: factorSidOf(approval), at, expiresAt: at + lifeOf(approval, ages) }
}

/** The factor whose code approved; null for the other methods. */
export function factorSidOf (approval: StoredApproval): string | null {
  return approval.method === 'totp' ? approval.factorSid : null
}

/**
 * An approval by another method than a code survives the removal of a factor, as long as one remains: a user
 * who lost a phone takes it away in the same visit.
 */
export function keepRecovered (before: Entity, after: Entity, approval: StoredApproval): Entity {
  if (approval.method === 'totp' || after.factors.length === 0) return after
  const kept = { ...approval, generation: after.generation }
  return { ...after, approvals: before.approvals.map(other => other === approval ? kept : other) }
}
