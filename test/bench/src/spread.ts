/** A median, and the quartiles around it: between those lies the middle half. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** A middle half that is wider than this, to either side of the median, leaves a ratio in doubt. */
export const STEADY = 0.05

/** Median and quartiles of figures, interpolated between neighbours. */
export function spreadOf (figures: readonly number[]): Spread {
  const sorted = [...figures].sort((one, other) => one - other)
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const [low = NaN, high = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
    return low + (high - low) * (place - Math.floor(place))
  }
  return { median: at(0.5), low: at(0.25), high: at(0.75) }
}

/** The figure in the middle. */
export function medianOf (figures: readonly number[]): number {
  return spreadOf(figures).median
}

/** Whether the middle half is narrow enough to trust the median. */
export function isSteady ({ median, low, high }: Spread): boolean {
  return low >= median * (1 - STEADY) && high <= median * (1 + STEADY)
}
