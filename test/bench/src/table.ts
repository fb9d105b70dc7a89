import type { Machine } from './machine.js'
import type { Outcome, Ratio, Spread } from './rounds.js'

/** A row as Markdown: the figures, the ratios, and what was said. */
export function tableOf ({ row, figures, ratios, remarks }: Outcome): string {
  return [
    `\n## ${row.name}: ${row.title}\n`,
    `| | ${row.unit} | middle half |`,
    '|---|---|---|',
    ...figures.map(figure => `| ${figure.name} | ${short(figure.median)} | ${halfOf(figure)} |`),
    ...(ratios.length === 0 ? [] : ['', '| ratio | | middle half | goal | |', '|---|---|---|---|---|']),
    ...ratios.map(ratio =>
      `| ${ratio.goal.of} / ${ratio.goal.by} | ${short(ratio.median)} | ${halfOf(ratio)} | ${goalOf(ratio)} |`),
    ...remarks.map(remark => `\n${remark}`)
  ].join('\n')
}

/** Where and with what it was measured. */
export function headingOf ({ cpu, cores, load, node, date, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${date}, Node.js ${node}, ${cores} cores of ${cpu}, load ${load}\n${packages.join(', ')}`
}

function goalOf ({ goal: { atLeast, atMost }, reached }: Ratio): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}`]),
    ...(atMost === undefined ? [] : [`≤ ${atMost}`])
  ]
  return `${bounds.join(', ')} | ${reached === null ? '' : reached ? 'reached' : '**missed**'}`
}

function halfOf ({ low, high }: Spread): string {
  return `${short(low)} to ${short(high)}`
}

function short (figure: number): string {
  if (Number.isInteger(figure) || figure >= 1000) return String(Math.round(figure))
  return figure.toPrecision(figure >= 100 ? 4 : 3)
}
