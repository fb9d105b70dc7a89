import { PINNED } from './processes.js'
import { medianOf } from './spread.js'

/** A server's turn. */
export interface Turn {
  readonly seconds: number
  /** Answers in a second, by the clock. */
  readonly rate: number
  /** Microseconds of the server's processor time for each request. */
  readonly cpu: number
  /** The share of a core that the server had. */
  readonly busy: number
  /** The share of its core that no process had. */
  readonly idle: number
}

/** All turns of each contender, the first of which warms up. */
export type Turns = ReadonlyMap<string, readonly Turn[]>

/** A contender, and the one that does everything except what is measured. */
interface Compared {
  readonly name: string
  readonly baseline?: string
}

/** A server that had less of its core could have answered more. */
const SATURATED = 0.95

/** What the turns of servers show beside their rates. */
export function remarksOn (targets: readonly Compared[], turns: Turns): string[] {
  const busyOf = (name: string) => medianOf(countedOf(turns, name).map(({ busy }) => busy))
  const short = [...turns.keys()].filter(name => busyOf(name) < SATURATED)
  const left = 'The idle share of their core is what the load generator left; other processes had the rest.'
  return [
    tableOf(targets, turns),
    ...(PINNED ? [] : ['Server and load generator could not be kept on cores of their own.']),
    ...(short.length === 0 ? [] : [`Not saturated: ${short.join('; ')}. ${left}`])
  ]
}

function tableOf (targets: readonly Compared[], turns: Turns): string {
  const rows = targets.map(({ name, baseline = name }) => {
    const median = (figureOf: (turn: Turn) => number) => medianOf(countedOf(turns, name).map(figureOf))
    const others = countedOf(turns, baseline)
    const added = medianOf(countedOf(turns, name).map(({ cpu }, turn) => cpu - (others[turn]?.cpu ?? NaN)))
    return [
      name,
      median(({ cpu }) => cpu).toFixed(2),
      baseline === name ? '' : added.toFixed(2),
      median(({ rate }) => rate).toFixed(0),
      percent(median(({ busy }) => busy)),
      percent(median(({ idle }) => idle))
    ]
  })
  return [
    '| | µs of processor time for a request | added to bare | answers/s by the clock | share of its core | idle |',
    '|---|---|---|---|---|---|',
    ...rows.map(cells => `| ${cells.join(' | ')} |`)
  ].join('\n')
}

function countedOf (turns: Turns, name: string): readonly Turn[] {
  const all = turns.get(name) ?? []
  return all.length > 1 ? all.slice(1) : all
}

function percent (share: number): string {
  return Number.isNaN(share) ? '' : `${(share * 100).toFixed(0)} %`
}
