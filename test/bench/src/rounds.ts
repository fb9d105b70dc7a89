import type { Contender, Goal, Row } from './row.js'

/** A median, and the quartiles around it. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** What a contender's turns came to. */
export interface Figure extends Spread {
  readonly name: string
}

/** What a ratio came to, taken in each round: machines drift from one to the next, and both drift alike. */
export interface Ratio extends Spread {
  readonly goal: Goal
  /** Null where there is no goal. */
  readonly reached: boolean | null
}

/** A row's answer. */
export interface Outcome {
  readonly row: Pick<Row, 'name' | 'title' | 'unit'>
  readonly figures: readonly Figure[]
  readonly ratios: readonly Ratio[]
  readonly remarks: readonly string[]
}

/**
 * Runs a row. In each round every contender has a turn, and the next round begins with another one, so that
 * neither a drift nor a neighbour favours anybody.
 */
export async function outcomeOf (row: Row): Promise<Outcome> {
  const { contenders, remarks = [], close } = await row.open()
  try {
    const turns = await played(contenders, row.rounds)
    const { name, title, unit } = row
    return {
      row: { name, title, unit },
      figures: contenders.map(({ name }) => ({ name, ...spreadOf(turnsOf(turns, name)) })),
      ratios: row.goals.map(goal => ratioOf(goal, turns)),
      remarks
    }
  } finally {
    await close()
  }
}

async function played (contenders: readonly Contender[], rounds: number): Promise<Map<string, number[]>> {
  const turns = new Map(contenders.map(({ name }): [string, number[]] => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    const first = round % contenders.length
    for (const { name, measure } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const figure = await measure()
      if (round > 0) turns.get(name)?.push(figure)
    }
  }
  return turns
}

function ratioOf (goal: Goal, turns: ReadonlyMap<string, readonly number[]>): Ratio {
  const [of, by] = [turnsOf(turns, goal.of), turnsOf(turns, goal.by)]
  const spread = spreadOf(of.map((figure, round) => figure / (by[round] ?? NaN)))
  const { atLeast = -Infinity, atMost = Infinity } = goal
  const asked = goal.atLeast !== undefined || goal.atMost !== undefined
  return { goal, ...spread, reached: asked ? spread.median >= atLeast && spread.median <= atMost : null }
}

function turnsOf (turns: ReadonlyMap<string, readonly number[]>, name: string): readonly number[] {
  const found = turns.get(name)
  if (found === undefined) throw new Error(`no contender is called "${name}"`)
  return found
}

function spreadOf (figures: readonly number[]): Spread {
  const sorted = [...figures].sort((one, other) => one - other)
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const [low = NaN, high = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
    return low + (high - low) * (place - Math.floor(place))
  }
  return { median: at(0.5), low: at(0.25), high: at(0.75) }
}
