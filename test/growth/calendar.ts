import type { Draws } from './draws.js'
import type { Population } from './population.js'

export const [HOUR, DAY, WEEK] = [3600, 86_400, 604_800]
const MONDAY = 1_800_230_400
/** A Wednesday afternoon, as is each moment that is whole weeks later: documents are full then. */
export const START = MONDAY + 2 * DAY + 16 * HOUR
/** Whole weeks, so that each hour of the week comes equally often. */
export const WEEKS = 52
export const END = START + WEEKS * WEEK
/** All enroll within these weeks. Rates are those of the weeks after them. */
export const ROLL_OUT_WEEKS = 5
export const SETTLED = START + ROLL_OUT_WEEKS * WEEK
export const HOURS_OF_WEEK = 168

/** From 0, the hour after midnight on a Monday. */
export function hourOfWeek (at: number): number {
  return Math.floor((at - MONDAY) / HOUR) % HOURS_OF_WEEK
}

/** A moment between two others, more often in hours and on days when more people are active. */
export function activeMoment (
  { fraction, below, chance }: Draws, { hours, weekend }: Pick<Population, 'hours' | 'weekend'>,
  from: number, to: number
): number {
  const busiest = Math.max(...hours)
  for (;;) {
    const at = from + below(to - from)
    const hour = hourOfWeek(at)
    const isWeekend = hour >= 5 * 24
    if (isWeekend && !chance(weekend)) continue
    if (fraction() * busiest < (hours[hour % 24] ?? 0)) return at
  }
}
