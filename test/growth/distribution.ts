/** How whole numbers are distributed, as many as there may be: each value is kept once, with its count. */
export interface Distribution {
  readonly count: number
  readonly sum: number
  readonly mean: number
  /** One standard error of the mean, as of a sample. */
  readonly error: number
  readonly most: number
  /** The value that this share of all doesn't exceed. */
  quantile (share: number): number
  values (): Iterable<readonly [value: number, times: number]>
}

/** A distribution that more can be added to. */
export interface GrowingDistribution extends Distribution {
  add (value: number): void
}

/** Everything that is in `parts`. */
export function distributionOf (...parts: readonly Distribution[]): GrowingDistribution {
  const all = new Map<number, number>()
  let [count, sum, squares] = [0, 0, 0]
  for (const part of parts) for (const [value, times] of part.values()) addMany(value, times)

  function addMany (value: number, times: number): void {
    all.set(value, (all.get(value) ?? 0) + times)
    count += times
    sum += value * times
    squares += value ** 2 * times
  }

  return {
    add: value => addMany(value, 1),
    values: () => all.entries(),
    get count () { return count },
    get sum () { return sum },
    get mean () { return count === 0 ? 0 : sum / count },
    get most () { return Math.max(0, ...all.keys()) },

    get error () {
      return count < 2 ? 0 : Math.sqrt(Math.max(0, squares - sum ** 2 / count) / (count - 1) / count)
    },

    quantile (share) {
      let passed = 0
      for (const [value, times] of [...all].sort(([one], [other]) => one - other)) {
        passed += times
        if (passed >= share * count) return value
      }
      return 0
    }
  }
}
