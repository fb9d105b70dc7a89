/** Characters that a terminal may obey, or show in another order, other than those that JSON escapes. */
const COMMANDING = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** An identity as it can be shown: in quotes, with nothing in it that a terminal obeys. */
export function printable (identity: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(identity).replace(COMMANDING, escaped)
}
