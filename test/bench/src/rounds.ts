import type { Contender, Goal, Measurement, Row } from './row.js'
import { isSteady, medianOf, spreadOf, type Spread } from './spread.js'

/** A contender's figure over all rounds. */
export interface Figure extends Spread {
  readonly name: string
  /** Its processor time, where the figure is something else. */
  readonly cpu?: Spread
}

/** A ratio over all rounds. It is taken in each round, because a machine that drifts slows both alike. */
export interface Ratio extends Spread {
  readonly goal: Goal
  /** Null for a fact. */
  readonly reached: boolean | null
  /** Whether its middle half is narrow enough to trust the median. */
  readonly steady: boolean
  /** The ratio of processor times, where the figures are something else. */
  readonly cpu?: Spread
}

/** What a row came to. */
export interface Outcome {
  readonly row: Pick<Row, 'name' | 'title' | 'unit'>
  readonly figures: readonly Figure[]
  readonly ratios: readonly Ratio[]
  readonly remarks: readonly string[]
}

/** The rounds of each contender, by its name. */
type Rounds = ReadonlyMap<string, readonly Measurement[]>

/** Runs a row, for as many rounds as it asks for unless told otherwise. */
export async function outcomeOf (row: Row, rounds: number = row.rounds): Promise<Outcome> {
  const { contenders, remarks = [], close } = await row.open()
  try {
    const played = await playRounds(contenders, rounds, row.turns ?? 1)
    const { name, title, unit } = row
    return {
      row: { name, title, unit },
      figures: contenders.map(({ name }) => figureOf(name, played)),
      ratios: row.goals.map(goal => ratioOf(goal, played)),
      remarks
    }
  } finally {
    await close()
  }
}

async function playRounds (contenders: readonly Contender[], rounds: number, turns: number): Promise<Rounds> {
  const played = new Map(contenders.map(({ name }): [string, Measurement[]] => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    const taken = await takeTurns(contenders, turns, round * turns)
    // The first round warms up.
    if (round === 0) continue
    for (const [name, measurements] of taken) played.get(name)?.push(middleOf(measurements))
  }
  return played
}

/**
 * Every contender once in each turn. The next turn begins with another contender, so neither a drift of the
 * machine nor a predecessor favors any of them.
 */
async function takeTurns (contenders: readonly Contender[], turns: number, start: number): Promise<Rounds> {
  const taken = new Map(contenders.map(({ name }): [string, Measurement[]] => [name, []]))
  for (let turn = start; turn < start + turns; turn++) {
    const first = turn % contenders.length
    for (const { name, measure } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      taken.get(name)?.push(await measure())
    }
  }
  return taken
}

function middleOf (measurements: readonly Measurement[]): Measurement {
  const cpu = cpuOf(measurements)
  return {
    figure: medianOf(measurements.map(({ figure }) => figure)),
    ...(cpu === null ? {} : { cpu: medianOf(cpu) })
  }
}

function figureOf (name: string, rounds: Rounds): Figure {
  const measurements = roundsOf(rounds, name)
  const cpu = cpuOf(measurements)
  return {
    name,
    ...spreadOf(measurements.map(({ figure }) => figure)),
    ...(cpu === null ? {} : { cpu: spreadOf(cpu) })
  }
}

function ratioOf (goal: Goal, rounds: Rounds): Ratio {
  const [of, to] = [roundsOf(rounds, goal.of), roundsOf(rounds, goal.to)]
  const spread = spreadOf(quotients(of.map(({ figure }) => figure), to.map(({ figure }) => figure)))
  const cpu = [cpuOf(of), cpuOf(to)] as const
  return {
    goal,
    ...spread,
    reached: isReached(goal, spread),
    steady: isSteady(spread),
    ...(cpu[0] === null || cpu[1] === null ? {} : { cpu: spreadOf(quotients(cpu[0], cpu[1])) })
  }
}

function isReached ({ atLeast, atMost }: Goal, { median }: Spread): boolean | null {
  if (atLeast === undefined && atMost === undefined) return null
  return median >= (atLeast ?? -Infinity) && median <= (atMost ?? Infinity)
}

function quotients (dividends: readonly number[], divisors: readonly number[]): number[] {
  return dividends.map((dividend, round) => dividend / (divisors[round] ?? NaN))
}

/** Null where a contender doesn't tell its processor time. */
function cpuOf (measurements: readonly Measurement[]): number[] | null {
  const told = measurements.flatMap(({ cpu }) => cpu === undefined ? [] : [cpu])
  return told.length > 0 && told.length === measurements.length ? told : null
}

function roundsOf (rounds: Rounds, name: string): readonly Measurement[] {
  const found = rounds.get(name)
  if (found === undefined) throw new Error(`no contender is called "${name}"`)
  return found
}
