/** The figure below which this share of the figures is. */
export function quantile (figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((one, other) => one - other)
  const place = share * (sorted.length - 1)
  const [low = NaN, high = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return low + (high - low) * (place - Math.floor(place))
}

/** The figure in the middle. */
export function median (figures: readonly number[]): number {
  return quantile(figures, 0.5)
}
