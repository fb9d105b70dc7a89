import { createHash } from 'node:crypto'

/** Numbers that look random, and are the same for the same seed. */
export interface Draws {
  /** From 0 up to, and without, 1. */
  fraction (): number
  /** A whole number from 0 up to, and without, `bound`. */
  below (bound: number): number
  /** True that often. */
  chance (probability: number): boolean
  /** A whole number that is `mean` on average. */
  about (mean: number): number
}

/** Draws of their own for each name: what one person does doesn't depend on who came before. */
export function drawsFrom (seed: number, ...name: ReadonlyArray<string | number>): Draws {
  const digest = createHash('sha256').update(JSON.stringify([seed, ...name])).digest()
  let [a, b, c, counter] = [digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), 1]

  /** The generator sfc32: small, fast, and good enough for people. */
  function fraction (): number {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  return {
    fraction,
    below: bound => Math.floor(fraction() * bound),
    chance: probability => fraction() < probability,
    about: mean => Math.floor(mean + fraction())
  }
}
