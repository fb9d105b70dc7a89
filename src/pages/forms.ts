import { MalformedError } from '../errors.js'
import { ownOnly } from '../own-property.js'

/** The fields of a form. It inherits nothing: a field that wasn't sent is undefined. */
export type Fields = Readonly<Record<string, string | undefined>>

/**
 * The fields in a body: its text, or what a parser of the host made of it. Throws `MalformedError` if a field
 * was sent twice, or isn't text.
 */
export function fieldsOf (body: unknown): Fields {
  const fields = new Map<string, string>()
  for (const [name, value] of entriesOf(body)) {
    if (typeof value !== 'string' || fields.has(name)) throw new MalformedError('a field was sent twice')
    fields.set(name, value)
  }
  return ownOnly(Object.fromEntries(fields))
}

/** Throws `MalformedError` for a form with any other field. */
export function requireOnly (fields: Fields, names: readonly string[]): void {
  if (!Object.keys(fields).every(name => names.includes(name))) throw new MalformedError('a field is unknown')
}

function entriesOf (body: unknown): Iterable<readonly [string, unknown]> {
  return typeof body === 'string' ? new URLSearchParams(body) : Object.entries(Object(body))
}
