const LONGEST = 80

/** A value as JSON, on one short line. Escapes all but ASCII, because the differences are invisible. */
export function shown (value: unknown): string {
  const text = whole(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text
}

/** A key, never cut. */
export function shownKey (key: string): string {
  return whole(key)
}

function whole (value: unknown): string {
  return (JSON.stringify(value) ?? String(value))
    .replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
