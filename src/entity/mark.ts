import { hash, randomBytes } from 'node:crypto'
import { getOwn } from '../own-property.js'

/** How an entity sees the login session that a request belongs to. */
export interface Session {
  /** Hash of the session's mark; null when the session has none. */
  readonly hash: string | null
  /** When the request began, in Unix seconds. */
  readonly began: number
  /** The mark that the session gets with a change; absent where it gets a new one. */
  readonly nextMark?: string
}

const MARK_PATTERN = /^[A-Za-z0-9_-]{22}$/

/** A new mark: 128 random bits that only the login session holds. */
export function newMark (): string {
  return randomBytes(16).toString('base64url')
}

/** The mark that a session gets with a change: the one that was prepared for it, or a new one. */
export function nextMarkOf (session: Session): string {
  return getOwn(session, 'nextMark') ?? newMark()
}

/** The mark in a value that a session kept, or null when the value isn't a mark. */
export function markOf (kept: unknown): string | null {
  return typeof kept === 'string' && MARK_PATTERN.test(kept) ? kept : null
}

/** The hash that an entity keeps in place of the mark: reading a store must not be enough to be approved. */
export function hashOf (mark: string): string {
  return hash('sha256', mark, 'base64url')
}
