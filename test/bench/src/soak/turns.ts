import type { Asked } from './load.js'
import { median } from './quantile.js'
import type { Served } from './server.js'
import type { Sample } from './watch.js'

/** A while in which a server was visited. */
export interface Turn extends Served {
  /** When it began, in Unix milliseconds. */
  readonly begin: number
  readonly seconds: number
  /** Of these, the seconds in which nobody used the server's core. */
  readonly idle: number
  readonly asked: Asked
}

/** All turns of the server with the second factor, and of the one without. */
export interface Turns {
  readonly guarded: readonly Turn[]
  readonly bare: readonly Turn[]
}

/** What memory is judged by: the first third is for what has to grow once. */
export function laterThirds<T> (figures: readonly T[]): Readonly<Record<'second' | 'last', readonly T[]>> {
  const third = Math.floor(figures.length / 3)
  return { second: figures.slice(-2 * third, -third), last: figures.slice(-third) }
}

/** Requests of a turn. */
export function requestsOf ({ asked }: Pick<Turn, 'asked'>): number {
  return Object.values(asked).reduce((sum, count) => sum + count, 0)
}

/** Of a turn's seconds the one in the middle: a neighbour on the core has its seconds, too. */
export function middleOf ({ samples }: Turn, figureOf: (sample: Sample) => number): number {
  return median(samples.map(figureOf))
}
