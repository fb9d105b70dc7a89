/** These headers, with what the answer varies by already. */
export function varying (
  headers: Readonly<Record<string, string>>, present: number | string | readonly string[] | undefined
): Readonly<Record<string, string>> {
  const { vary } = headers
  if (present === undefined || vary === undefined) return headers
  return { ...headers, vary: [present, vary].flat().join(', ') }
}
