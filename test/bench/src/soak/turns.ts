import { medianOf } from '../spread.js'
import type { RequestCounts } from './load.js'
import type { ServerTurn } from './server.js'
import type { Sample } from './watch.js'

/** A server's turn, and the requests that came to it. */
export interface Turn extends ServerTurn {
  /** Its beginning, in Unix milliseconds. */
  readonly begin: number
  readonly seconds: number
  /** Of these, the seconds in which the server's core was idle. */
  readonly idle: number
  readonly requests: RequestCounts
}

/** All turns of the server with the second factor, and of the one without. */
export interface Turns {
  readonly guarded: readonly Turn[]
  readonly bare: readonly Turn[]
}

/** The turns by which memory is judged. In the first third, things may grow that have to grow once. */
export function laterThirds<T> (figures: readonly T[]): Readonly<Record<'second' | 'last', readonly T[]>> {
  const third = Math.floor(figures.length / 3)
  return { second: figures.slice(-2 * third, -third), last: figures.slice(-third) }
}

/** The number of requests of a turn. */
export function countOf ({ requests }: Pick<Turn, 'requests'>): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0)
}

/** The median over a turn's seconds, some of which a neighbour on the core disturbs. */
export function middleOf ({ samples }: Turn, figureOf: (sample: Sample) => number): number {
  return medianOf(samples.map(figureOf))
}
