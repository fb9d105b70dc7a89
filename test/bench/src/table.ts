import type { Machine } from './machine.js'
import { linesOf } from './markdown.js'
import type { Figure, Outcome, Ratio } from './rounds.js'
import type { Row } from './row.js'
import { STEADY, type Spread } from './spread.js'

/** A row as Markdown: figures, ratios and remarks. */
export function tableOf ({ row, figures, ratios, remarks }: Outcome): string {
  return [
    `\n## ${row.name}: ${row.title}\n`,
    ...tableOfFigures(row, figures),
    ...(ratios.length === 0 ? [] : ['', ...tableOfRatios(ratios)]),
    ...(ratios.every(({ steady }) => steady) ? [] : [`\n${UNSTEADY}`]),
    ...remarks.map(remark => `\n${remark}`)
  ].join('\n')
}

/** The sentence that explains the mark on a ratio. */
export const UNSTEADY = 'Unsteady: the middle half of these ratios is wider than ' +
  `± ${STEADY * 100} % of the median. Measure them again, on a quieter machine or in more rounds.`

/** Where the figures come from. */
export function headingOf ({ cpu, cores, load, node, date, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${date}, Node.js ${node}, ${cores} cores of ${cpu}, load ${load}\n${packages.join(', ')}`
}

/** The bounds of a goal. */
export function boundsOf ({ goal: { atLeast, atMost } }: Ratio): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}`]),
    ...(atMost === undefined ? [] : [`≤ ${atMost}`])
  ]
  return bounds.join(', ')
}

/** Whether a ratio keeps to its goal, and whether it can be trusted. */
export function verdictOf ({ reached, steady }: Ratio): string[] {
  return [
    ...(reached === null ? [] : [reached ? 'reached' : '**missed**']),
    ...(steady ? [] : ['unsteady'])
  ]
}

/** What a row's processor times are in. */
export function cpuUnitOf ({ unit }: Pick<Row, 'unit'>): string {
  return `${unit === 'ms' ? 'ms' : 'µs'} of processor time`
}

/** Three digits, or all of them before the point. */
export function short (figure: number): string {
  if (Number.isInteger(figure) || figure >= 1000) return String(Math.round(figure))
  return figure.toPrecision(figure >= 100 ? 4 : 3)
}

function tableOfFigures (row: Pick<Row, 'unit'>, figures: readonly Figure[]): string[] {
  const head = ['', row.unit, 'middle half', cpuUnitOf(row)]
  const rows = figures.map(({ name, cpu, ...spread }) =>
    [name, short(spread.median), halfOf(spread), ...medianOf(cpu)])
  return linesOf(head, rows)
}

function tableOfRatios (ratios: readonly Ratio[]): string[] {
  const head = ['ratio', '', 'middle half', 'goal', '', 'of processor time']
  const rows = ratios.map(ratio => [
    `${ratio.goal.of} / ${ratio.goal.to}`, short(ratio.median), halfOf(ratio), boundsOf(ratio), verdictOf(ratio).join(', '),
    ...medianOf(ratio.cpu)
  ])
  return linesOf(head, rows)
}

function medianOf (spread: Spread | undefined): string[] {
  return spread === undefined ? [] : [short(spread.median)]
}

function halfOf ({ low, high }: Spread): string {
  return `${short(low)} to ${short(high)}`
}
