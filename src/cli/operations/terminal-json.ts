/** Characters that a terminal obeys, or that end a line or turn its direction, and that JSON lets through. */
const COMMANDING = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** JSON in one line, for programs and for eyes, with nothing in it that a terminal obeys. */
export function printable (value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(COMMANDING, escaped)
}
