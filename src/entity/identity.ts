const MAX_BYTES = 256

/**
 * True for a string that can name a user. It is compared byte by byte, never trimmed, folded or normalized.
 * PostgreSQL can't store a NUL, and different lone surrogates become the same bytes on their way into a
 * database.
 */
export function isIdentity (text: string): boolean {
  return text !== '' && text.isWellFormed() && !text.includes('\0') && Buffer.byteLength(text) <= MAX_BYTES
}
