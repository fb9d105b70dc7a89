import { createHash } from 'node:crypto'

/** Returns a whole number from 0 up to, but not including, the bound. */
export type Random = (bound: number) => number

/** A source that returns the same numbers for the same seed. */
export function randomFrom (seed: number): Random {
  let drawn = 0
  return bound => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUIntBE(0, 6) % bound
}
