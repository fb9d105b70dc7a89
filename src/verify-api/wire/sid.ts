import { randomBytes, randomInt } from 'node:crypto'

/** What identifiers begin with: a service, an entity, a factor, a challenge. */
export type SidKind = 'VA' | 'YE' | 'YF' | 'YC'

const HEX_DIGITS = 32

/** What Twilio's own factors and challenges of type totp have behind their two letters. */
const TOTP = '02'

/** A new identifier: two letters, 32 hex digits. */
export function newSid (kind: SidKind): string {
  const type = kind === 'YF' || kind === 'YC' ? TOTP : ''
  return kind + type + randomBytes(HEX_DIGITS / 2).toString('hex').slice(type.length)
}

/** The spelling under which an identifier is kept, or null for what can't be one. Hex digits have no case. */
export function canonicalSid (kind: SidKind, text: string): string | null {
  const sid = kind + text.slice(kind.length).toLowerCase()
  return text.startsWith(kind) && sidPattern(kind).test(sid) ? sid : null
}

/** The identifiers of a kind, as they are kept. */
export function sidPattern (kind: SidKind): RegExp {
  return new RegExp(`^${kind}[0-9a-f]{${HEX_DIGITS}}$`)
}

/** At random, so that no write that stalled since before a deletion fits what was made anew. */
export function firstRevision (): number {
  return randomInt(2 ** 48 - 1)
}
