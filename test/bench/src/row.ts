/** One thing that is measured: `batch` does it so many times, and the figures are of one time. */
export interface Contender {
  /** As the table names it. */
  readonly name: string
  /** Measures once, over as many repetitions as make a steady figure. Answers the cost, or the rate. */
  measure (): Promise<number>
}

/** What is to be shown of two contenders: the first one's figure divided by the second one's. */
export interface Goal {
  readonly of: string
  readonly by: string
  /** The ratio that is to be reached; null where it is only told. */
  readonly atLeast?: number
  readonly atMost?: number
}

/** A row of the table. */
export interface Row {
  /** The argument by which it runs alone. */
  readonly name: string
  readonly title: string
  /** What the figures are in, and whether more of it is better. */
  readonly unit: 'µs' | 'ms' | 'requests/s' | 'operations/s' | 'KB' | 'modules'
  readonly goals: readonly Goal[]
  /** How often the contenders take their turns; the first turn is not counted. */
  readonly rounds: number
  /** Makes them ready. Throws `Lacking` where something that it needs is not there. */
  open (): Promise<Opened>
}

/** Contenders in the order of their turns, and what ends them. */
export interface Opened {
  readonly contenders: readonly Contender[]
  /** What has to be said beside the figures. */
  readonly remarks?: readonly string[]
  close (): Promise<unknown>
}

/** A row can't run here, and why. */
export class Lacking extends Error {
  override readonly name = 'Lacking'
}
