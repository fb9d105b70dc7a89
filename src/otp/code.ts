import { MalformedError } from '../errors.js'

/**
 * The spellings of a code: 6 to 8 ASCII digits, optionally with one space or hyphen in the middle. A string,
 * because the JSON schemas of the endpoints contain the pattern too.
 */
export const CODE_PATTERN = '^(?:[0-9]{3}[ -]?[0-9]{3,4}|[0-9]{4}[ -]?[0-9]{4})$'

const spelling = new RegExp(CODE_PATTERN)

/** The digits of a code, the form in which codes are compared. Throws `MalformedError` for anything else. */
export function canonicalCode (code: unknown): string {
  if (typeof code !== 'string' || !spelling.test(code)) throw new MalformedError('code must have 6 to 8 digits')
  return code.replace(/[ -]/, '')
}
