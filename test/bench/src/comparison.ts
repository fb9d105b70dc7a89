import { linesOf } from './markdown.js'
import type { Report } from './report.js'
import type { Figure, Outcome, Ratio } from './rounds.js'
import { boundsOf, cpuUnitOf, headingOf, short, UNSTEADY, verdictOf } from './table.js'

/** Reports side by side as Markdown: a section for each row, in it a column for each version of Node.js. */
export function comparisonOf (reports: readonly Report[], names: readonly string[]): string {
  const sections = names.flatMap(name => {
    const outcomes = reports.map(({ outcomes }) => outcomes.find(({ row }) => row.name === name))
    const [first] = outcomes.filter(outcome => outcome !== undefined)
    return first === undefined ? [] : [sectionOf(first, outcomes, reports)]
  })
  return [...reports.map(({ machine }) => headingOf(machine)), ...sections].join('\n\n')
}

type Column = Outcome | undefined

function sectionOf (
  { row, figures, ratios }: Outcome, columns: readonly Column[], reports: readonly Report[]
): string {
  const versions = reports.map(({ machine }) => `Node.js ${machine.node.slice(1)}`)
  const figureRows = figures.map(({ name }) =>
    [name, ...columns.map(column => figureCell(column?.figures.find(figure => figure.name === name)))])
  const ratioRows = ratios.map(({ goal: { of, to } }) => {
    const found = columns.map(column => column?.ratios.find(({ goal }) => goal.of === of && goal.to === to))
    return [`${of} / ${to}`, goalCell(found), ...found.map(ratioCell)]
  })
  const ratioHead = ratios.some(hasCpu) ? 'ratio (of processor times)' : 'ratio'
  const steady = columns.every(column => column?.ratios.every(({ steady }) => steady) ?? true)
  return [
    `## ${row.name}: ${row.title}\n`,
    ...linesOf([figures.some(hasCpu) ? `${row.unit} (${cpuUnitOf(row)})` : row.unit, ...versions], figureRows),
    ...(ratioRows.length === 0 ? [] : ['', ...linesOf([ratioHead, 'goal', ...versions], ratioRows)]),
    ...(steady ? [] : [`\n${UNSTEADY}`]),
    ...remarksOf(columns, versions).map(remark => `\n${remark}`)
  ].join('\n')
}

function hasCpu ({ cpu }: Figure | Ratio): boolean {
  return cpu !== undefined
}

function figureCell (figure: Figure | undefined): string {
  return figure === undefined ? '' : mediansOf(figure)
}

function ratioCell (ratio: Ratio | undefined): string {
  if (ratio === undefined) return ''
  return [mediansOf(ratio), ...verdictOf(ratio)].join(', ')
}

/** Followed by that of the processor times, in brackets. */
function mediansOf ({ median, cpu }: Figure | Ratio): string {
  return cpu === undefined ? short(median) : `${short(median)} (${short(cpu.median)})`
}

/** One bound where all versions have the same. */
function goalCell (ratios: ReadonlyArray<Ratio | undefined>): string {
  const bounds = ratios.map(ratio => ratio === undefined ? '' : boundsOf(ratio))
  return [...new Set(bounds.filter(bound => bound !== ''))].join('; ')
}

/** Each remark once, after the versions that made it unless all did. */
function remarksOf (columns: readonly Column[], versions: readonly string[]): string[] {
  const remarks = new Set(columns.flatMap(column => column?.remarks ?? []))
  return [...remarks].map(remark => {
    const made = versions.filter((_version, place) => columns[place]?.remarks.includes(remark))
    return made.length === versions.length ? remark : `${made.join(', ')}:\n\n${remark}`
  })
}
