/**
 * Characters that control a terminal, end a line or change the text direction, and that JSON doesn't escape.
 */
const CONTROLS = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** JSON in one line that is safe to print: nothing in it controls a terminal. */
export function terminalJson (value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(CONTROLS, escaped)
}
