import { hash, randomBytes } from 'node:crypto'
import { isFuture, isWithin } from '../time/age.js'
import { MAX_LINE, MAX_SESSIONS, type Entity, type StoredApproval } from './entity.js'

/** How an entity sees the login session that a request belongs to. */
export interface Session {
  /** Of the session's mark; null when it has none. */
  readonly hash: string | null
  /** When the request began, in Unix seconds. */
  readonly since: number
}

/** An approved challenge, as one may see it. */
export interface Approval {
  /** The factor whose code it was. */
  readonly factorSid: string
  /** When it was approved, in Unix seconds. */
  readonly at: number
  /** When it ends at the latest, in Unix seconds. */
  readonly expiresAt: number
}

const MARK_PATTERN = /^[A-Za-z0-9_-]{22}$/

/** 128 random bits that only the login session holds. */
export function newMark (): string {
  return randomBytes(16).toString('base64url')
}

/** The mark in what a session kept, or null when that isn't one. */
export function markOf (kept: unknown): string | null {
  return typeof kept === 'string' && MARK_PATTERN.test(kept) ? kept : null
}

/** What the entity keeps of a mark, so that reading a store makes no approval. */
export function hashOf (mark: string): string {
  return hash('sha256', mark, 'base64url')
}

/** The approval of this session that is at most `maxAge` seconds old, or null. */
export function approvalOf (
  entity: Entity, session: Session, maxAge: number, now: number
): StoredApproval | null {
  if (session.hash === null) return null
  const approval = entity.approvals.find(({ hash }) => hash === session.hash)
  return approval !== undefined && holds(entity, approval, maxAge, now) ? approval : null
}

/**
 * True while an approval counts: of this generation, of a factor that is still there, neither too old nor
 * future.
 */
export function holds (entity: Entity, approval: StoredApproval, maxAge: number, now: number): boolean {
  return approval.generation === entity.generation &&
    entity.factors.some(({ sid }) => sid === approval.factorSid) &&
    isWithin(maxAge, approval.at, now)
}

/**
 * Puts an approval in the place of the one that the session had. The session's mark changes with it, to one
 * of this `hash`, so what hangs on the old mark, an unverified factor, moves to the new one.
 */
export function approve (
  entity: Entity, session: Session, hash: string, factorSid: string, now: number
): { entity: Entity, approval: StoredApproval } {
  const line = session.hash === null ? [] : lineOf(entity, session.hash).slice(-MAX_LINE)
  const moved = changeMark(entity, session, hash)
  const approval = { hash, line, factorSid, at: now, generation: entity.generation }
  return { entity: { ...moved, approvals: [...moved.approvals, approval].slice(-MAX_SESSIONS) }, approval }
}

/**
 * Takes the session's approval away; its new mark has this `hash`. Other requests of the session, and copies
 * of its cookie, may have been given approvals of their own, which go too. Those that are still under way
 * must not bring one back: they find that the mark with which they began has ended.
 */
export function withdraw (entity: Entity, session: Session, hash: string, now: number): Entity {
  const { hash: old } = session
  if (old === null) return entity
  const line = lineOf(entity, old)
  const kin = entity.approvals.filter(approval => marksOf(approval).some(mark => line.includes(mark)))
  const moved = changeMark(entity, session, hash)
  return {
    ...moved,
    approvals: moved.approvals.filter(approval => !kin.includes(approval)),
    ended: endedWith(moved.ended, new Set([...line, ...kin.flatMap(marksOf)]), now)
  }
}

/**
 * Of those that are too many, the ones that ended first are forgotten, and the last of `marks`. Whoever ends
 * so many while a request is under way has the password: with a code they'd rather get an approval than bring
 * one back.
 */
function endedWith (ended: Entity['ended'], marks: ReadonlySet<string>, now: number): Entity['ended'] {
  const others = ended.filter(({ hash }) => !marks.has(hash))
  const last = [...marks].map(hash => ({ hash, at: now })).reverse()
  return [...others, ...last].sort((one, other) => one.at - other.at).slice(-MAX_SESSIONS)
}

/**
 * True when the session's approval was taken away while the request was under way, by clocks that differ a
 * little. What was taken away by one that has gone back since is void.
 */
export function hasEnded ({ ended }: Entity, { hash: own, since }: Session, now: number): boolean {
  return ended.some(({ hash, at }) => hash === own && !isFuture(since, at) && !isFuture(at, now))
}

/**
 * Makes every approval, and the unverified factor, of this identity void on every instance at once: they
 * carry the generation of their beginning.
 */
export function voidApprovals (entity: Entity): Entity {
  return { ...entity, generation: entity.generation + 1 }
}

/** The marks of a session, by what is known of them: those before, and the present one. */
function lineOf ({ approvals }: Entity, hash: string): string[] {
  const approval = approvals.find(approval => approval.hash === hash)
  return approval === undefined ? [hash] : marksOf(approval)
}

/** The marks that the session of an approval has had, the present one behind those before. */
function marksOf ({ line, hash }: StoredApproval): string[] {
  return [...line, hash]
}

function changeMark (entity: Entity, { hash: old }: Session, hash: string): Entity {
  if (old === null) return entity
  const approvals = entity.approvals.filter(({ hash }) => hash !== old)
  const { unverified } = entity
  const moved = unverified?.hash === old ? { ...unverified, hash } : unverified
  return { ...entity, approvals, unverified: moved }
}

/** The approval without what proves it. */
export function publicApproval ({ factorSid, at }: StoredApproval, maxAge: number): Approval {
  return { factorSid, at, expiresAt: at + maxAge }
}
