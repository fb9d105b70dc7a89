/** How many factors a user has, in words. */
export function factorCount (factors: number): string {
  return factors === 0 ? 'no factor' : factors === 1 ? '1 factor' : `${factors} factors`
}
