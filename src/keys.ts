import { InvalidOptionError } from './errors.js'

const KEY_BYTES = 32

const EXPECTED = `must be keys of ${KEY_BYTES} bytes each in base64, separated by commas or blanks`

/**
 * The keys in a text of the environment or in the content of a file: base64, separated by commas or white
 * space. A buffer may also be one key itself, 32 raw bytes. Throws `InvalidOptionError` with the reason if it
 * finds anything else; the error never quotes the text.
 */
export function keysFrom (given: string | Uint8Array | undefined): Uint8Array[] {
  const { keys, problem } = parseKeys(given)
  if (problem !== null) throw new InvalidOptionError('keys', problem)
  return keys
}

/** Keys, or the problem with the text, which follows the name of its source in a sentence. */
export type ParsedKeys =
  | { readonly keys: Uint8Array[], readonly problem: null }
  | { readonly keys: null, readonly problem: string }

/** Parses as `keysFrom` does, for callers who name the source of the text in an error of their own. */
export function parseKeys (given: string | Uint8Array | undefined): ParsedKeys {
  if (given instanceof Uint8Array && isRawKey(given)) return { keys: [Buffer.from(given)], problem: null }
  const problem = problemOf(given)
  if (problem !== null) return { keys: null, problem: `${EXPECTED}: ${problem}` }
  return { keys: piecesOf(textOf(given)).map(piece => Buffer.from(piece, 'base64')), problem: null }
}

/** 32 bytes that are all printable are no random key, but a piece of text. */
function isRawKey (bytes: Uint8Array): boolean {
  return bytes.length === KEY_BYTES && bytes.some(byte => byte < 0x20 || byte > 0x7e) && !isMonotonous(bytes)
}

function textOf (given: unknown): string {
  return given instanceof Uint8Array ? Buffer.from(given).toString() : String(given)
}

/** Empty where nothing stands before or after a comma: a variable that was to be filled in may be empty. */
function piecesOf (text: string): string[] {
  return text.trim().split(',').flatMap(part => part.trim().split(/\s+/))
}

function problemOf (given: unknown): string | null {
  if (given === undefined) return 'nothing is there'
  if (typeof given !== 'string' && !(given instanceof Uint8Array)) return `this is a value of type ${typeof given}`
  const pieces = piecesOf(textOf(given))
  if (pieces.length === 1 && pieces[0] === '') return 'the text is empty'
  if (pieces.includes('')) return 'a key is missing before or after a comma'
  const problems = pieces.map((piece, index) => {
    const problem = pieces.indexOf(piece) < index ? 'is the same as another one' : problemOfKey(piece)
    return problem === null ? [] : [`number ${index + 1} of ${pieces.length} ${problem}`]
  })
  return problems.flat()[0] ?? null
}

function problemOfKey (piece: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(piece)) return 'is hex'
  if (/^[\w-]*[_-][\w-]*$/.test(piece)) return 'is base64url'
  const bytes = Buffer.from(piece, 'base64')
  const canonical = bytes.toString('base64')
  if (canonical !== piece) return canonical.replace(/=+$/, '') === piece ? 'lacks its padding' : 'is not base64'
  if (bytes.length !== KEY_BYTES) return `has ${bytes.length} bytes`
  return isMonotonous(bytes) ? 'is not random' : null
}

function isMonotonous (bytes: Uint8Array): boolean {
  return bytes.every(byte => byte === bytes[0])
}
