import { MalformedError } from '../errors.js'

/** Blanks, and the invisible characters that come with pasted text. */
const BLANK = '[\\s\\p{Z}\\p{Cf}]'
const HYPHEN = '[-\\u2010\\u2011\\uff0d]'
const DIGIT = `(?:\\p{Nd}${BLANK}*)`

/**
 * The spellings of a code: 6 to 8 digits of any script, with blanks anywhere, and perhaps a hyphen in the
 * middle. A string, because the JSON schemas of the endpoints contain the pattern too (flag `u`).
 */
export const CODE_PATTERN = `^${BLANK}*(?:${DIGIT}{3}(?:${HYPHEN}${BLANK}*)?${DIGIT}{3,4}|` +
  `${DIGIT}{4}(?:${HYPHEN}${BLANK}*)?${DIGIT}{4})$`

const spelling = new RegExp(CODE_PATTERN, 'u')
const isDigit = /^\p{Nd}$/u

/**
 * The ASCII digits of a code, the form in which codes are compared. Throws `MalformedError` for anything
 * else; `name` is the client's for the code.
 */
export function canonicalCode (code: unknown, name = 'code'): string {
  if (typeof code !== 'string' || !spelling.test(code)) throw new MalformedError(`${name} must have 6 to 8 digits`)
  return code.replace(/\P{Nd}/gu, '').replace(/[^0-9]/gu, digit => String(valueOf(Number(digit.codePointAt(0)))))
}

/** Unicode has the digits of a script in a row, from zero to nine. The next row may follow at once. */
function valueOf (digit: number): number {
  let first = digit
  while (isDigit.test(String.fromCodePoint(first - 1))) first--
  return (digit - first) % 10
}
