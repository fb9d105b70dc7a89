/** A time in Unix seconds as `2027-01-15T08:00:00Z`. */
export function utcTime (seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
