import { createHash } from 'node:crypto'

/** Whole numbers from 0 up to, and without, a bound. */
export type Random = (bound: number) => number

/** The same numbers for the same seed. */
export function randomFrom (seed: number): Random {
  let drawn = 0
  return bound => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUIntBE(0, 6) % bound
}
