import { randomBytes } from 'node:crypto'

/** The prefix of an identifier: of a service, an entity, a factor or a challenge. */
export type SidKind = 'VA' | 'YE' | 'YF' | 'YC'

const HEX_DIGITS = 32

/** Twilio's own TOTP factors and challenges have these digits after the prefix. */
const TOTP = '02'

/** A new identifier: the prefix and 32 hex digits. */
export function newSid (kind: SidKind): string {
  const type = kind === 'YF' || kind === 'YC' ? TOTP : ''
  return kind + type + randomBytes(HEX_DIGITS / 2).toString('hex').slice(type.length)
}

/** The spelling in which an identifier is stored, or null for any other text. Hex digits have no case. */
export function canonicalSid (kind: SidKind, text: string): string | null {
  const sid = kind + text.slice(kind.length).toLowerCase()
  return text.startsWith(kind) && sidPattern(kind).test(sid) ? sid : null
}

/** Matches the stored identifiers of a kind. */
export function sidPattern (kind: SidKind): RegExp {
  return new RegExp(`^${kind}[0-9a-f]{${HEX_DIGITS}}$`)
}
