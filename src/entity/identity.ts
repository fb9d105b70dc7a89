const MAX_BYTES = 256

/**
 * True for strings that can name an identity: byte-exact, never trimmed, folded or normalised. A NUL can't be
 * kept by PostgreSQL, and two different lone surrogates become the same bytes on their way into a database.
 */
export function isIdentity (text: string): boolean {
  return text !== '' && text.isWellFormed() && !text.includes('\0') && Buffer.byteLength(text) <= MAX_BYTES
}
