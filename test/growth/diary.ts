import { activeMoment, DAY, END, SETTLED, START } from './calendar.js'
import type { Draws } from './draws.js'
import type { Group, Population } from './population.js'

/** Something that happens to a person's second factor. */
export type Occasion = 'enrollment' | 'visit' | 'lost phone' | 'password change' | 'guessing' | 'help'

/** What happens to a person, and when. */
export interface Entry {
  readonly at: number
  readonly occasion: Occasion
}

/** An attack guesses until it is locked out, and comes back as soon as the longest lock is over. */
const GUESSINGS = 15
const LONGEST_LOCK = 3600
/** Then the owner has noticed, and asked for help. */
const DAYS_TO_HELP = 2

/** The year of one person, from the day of enrollment on, in the order of time. */
export function diaryOf (draws: Draws, population: Population, { visits, attacks }: Group): readonly Entry[] {
  const { habits: { lostPhones, passwordChanges } } = population
  const enrolledAt = activeMoment(draws, population, START, SETTLED)
  // Visits before the enrollment fall away.
  const moment = () => activeMoment(draws, population, START, END)
  const sometimes = (occasion: Occasion, mean: number): Entry[] =>
    Array.from({ length: draws.about(mean) }, () => ({ at: moment(), occasion }))
  const entries = [
    ...sometimes('visit', visits * (0.5 + draws.fraction())),
    ...sometimes('lost phone', visits > 0 ? lostPhones : 0),
    ...sometimes('password change', passwordChanges),
    ...sometimes('guessing', attacks).flatMap(({ at }) => attackAt(at))
  ]
  const later = entries.filter(({ at }) => at > enrolledAt && at < END)
  return [{ at: enrolledAt, occasion: 'enrollment' }, ...later.sort((one, other) => one.at - other.at)]
}

function attackAt (start: number): Entry[] {
  const guessings = Array.from({ length: GUESSINGS }, (_, i): Entry =>
    ({ at: start + i * (LONGEST_LOCK + 60), occasion: 'guessing' }))
  return [...guessings, { at: start + DAYS_TO_HELP * DAY, occasion: 'help' }]
}
