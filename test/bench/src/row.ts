/** What a contender measured in one turn. */
export interface Measurement {
  /** The cost or the rate of one repetition, in the row's unit. */
  readonly figure: number
  /**
   * Processor time of one repetition, where the figure is a rate or a duration by the clock: in milliseconds
   * if the row's unit is, else in microseconds. Neighbours on the machine disturb it less.
   */
  readonly cpu?: number
}

/** One of the things that a row compares. */
export interface Contender {
  /** As the table names it. */
  readonly name: string
  /** Measures once, over enough repetitions for a steady figure. */
  measure (): Promise<Measurement>
}

/** The ratio of two contenders' figures, and the bounds that it must keep; without bounds it is a fact. */
export interface Goal {
  /** The contender whose figure is divided. */
  readonly of: string
  /** The contender by whose figure it is divided. */
  readonly to: string
  readonly atLeast?: number
  readonly atMost?: number
}

/** A row of the table. */
export interface Row {
  /** The argument that runs this row alone. */
  readonly name: string
  readonly title: string
  /** What the figures are in. Of rates more is better, of everything else less. */
  readonly unit: 'µs' | 'ms' | 'requests/s' | 'operations/s' | 'KB' | 'modules'
  readonly goals: readonly Goal[]
  /** Rounds that count; the first one warms up and doesn't. */
  readonly rounds: number
  /**
   * Turns of each contender in a round, whose median stands for the round. More of them make the ratios
   * steadier where single turns are noisy. @default 1
   */
  readonly turns?: number
  /** Prepares the contenders. Throws `UnavailableError` where the row needs a server that isn't there. */
  open (): Promise<OpenRow>
}

/** A row that is ready to be measured. */
export interface OpenRow {
  /** In the order of their turns. */
  readonly contenders: readonly Contender[]
  /** Sentences and tables that belong below the figures. */
  readonly remarks?: readonly string[]
  close (): Promise<unknown>
}

/** This row can't run here; the message says what it needs. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
}
