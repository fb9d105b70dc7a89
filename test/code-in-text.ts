/** Finds a code in a text, as a number of its own: six digits occur in times, durations and sids too. */
export function codeIn (code: string): RegExp {
  const half = code.length / 2
  return new RegExp(`(?<![\\da-f]{3}|\\d\\.?)${code.slice(0, half)}[ -]?${code.slice(half)}(?![\\da-f])`)
}
