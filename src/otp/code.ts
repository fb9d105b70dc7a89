import { MalformedError } from '../errors.js'

/**
 * The spellings of a code: 6 to 8 ASCII digits, at will with one space or hyphen in the middle. A string,
 * because the pattern also stands in the JSON schemas of the endpoints.
 */
export const CODE_PATTERN = '^(?:[0-9]{3}[ -]?[0-9]{3,4}|[0-9]{4}[ -]?[0-9]{4})$'

const spelling = new RegExp(CODE_PATTERN)

/**
 * The one form of a code that is compared: its digits. Throws `MalformedError` for anything that isn't a
 * code.
 */
export function canonicalCode (code: unknown): string {
  if (typeof code !== 'string' || !spelling.test(code)) throw new MalformedError('code must have 6 to 8 digits')
  return code.replace(/[ -]/, '')
}
