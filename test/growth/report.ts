import { HOURS_OF_WEEK, ROLL_OUT_WEEKS, WEEK, WEEKS } from './calendar.js'
import { distributionOf } from './distribution.js'
import type { GroupYear } from './simulation.js'
import { OPERATIONS, type Load, type Operation } from './tally.js'

/** A table in Markdown. */
export type Rows = ReadonlyArray<ReadonlyArray<string | number>>

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
/** Times that each hour of the week comes after the roll-out. */
const TIMES = WEEKS - ROLL_OUT_WEEKS

/** What was lived, and what was only counted. */
export function runTable (years: readonly GroupYear[]): Rows {
  const sum = (part: (year: GroupYear) => number) => whole(years.reduce((sum, year) => sum + part(year), 0))
  return [
    ['', ''],
    ['identities', sum(({ identities }) => identities)],
    ['lives lived through the year', sum(({ lives }) => lives)],
    ['operations carried out in them', sum(({ performed }) => performed)],
    ['guarded requests counted without carrying them out', sum(({ supposed }) => supposed)],
    ['documents made, checked and serialized at the end', sum(({ documents }) => documents.count)],
    ['documents in memory at a time, at most', whole(Math.max(...years.map(({ mostAlive }) => mostAlive)))]
  ]
}

/** Bytes of documents over the year: means of the lives, and their standard errors. */
export function growthTable (years: readonly GroupYear[]): Rows {
  const quarters = [0, 1, 2, 3]
  const all = quarters.map(quarter => {
    const parts = years.flatMap(({ identities, quarters }) => {
      const sizes = quarters[quarter]
      return sizes === undefined ? [] : [{ identities, mean: sizes.mean, error: sizes.error }]
    })
    const total = sumOf(parts.map(({ identities, mean }) => identities * mean))
    return { total, error: Math.hypot(...parts.map(({ identities, error }) => identities * error)) }
  })
  const identities = sumOf(years.map(year => year.identities))
  return [
    ['group', 'lives', ...quarters.map(quarter => `after ${(quarter + 1) * 3} months`)],
    ...years.map(({ name, lives, quarters }) =>
      [name, whole(lives), ...quarters.map(({ mean, error }) => `${mean.toFixed(0)} ± ${error.toFixed(1)}`)]),
    ['all', '', ...all.map(({ total, error }) =>
      `${(total / identities).toFixed(1)} ± ${(error / identities).toFixed(1)}`)],
    ['all, in GB', '', ...all.map(({ total, error }) => `${gigabytes(total)} ± ${gigabytes(error)}`)]
  ]
}

/** Bytes of all documents at the end, counted. */
export function sizeTable (years: readonly GroupYear[]): Rows {
  const all = distributionOf(...years.map(({ documents }) => documents))
  return [
    ['group', 'identities', 'mean', 'median', '99 %', '99.99 %', 'largest', 'GB'],
    ...[...years, { name: 'all', documents: all }].map(({ name, documents }) => [
      name, whole(documents.count), documents.mean.toFixed(0),
      ...[0.5, 0.99, 0.9999].map(share => documents.quantile(share)), documents.most, gigabytes(documents.sum)
    ])
  ]
}

/** What is asked of the store, by operation. The peak is the hour of the week with the most writes. */
export function loadTable (years: readonly GroupYear[]): Rows {
  const loads = OPERATIONS.map(operation => ({ operation, load: weighted(years, operation) }))
  const all = addLoads(loads.map(({ load }) => load))
  const busiest = all.writes.indexOf(Math.max(...all.writes))
  const second = (counts: Float64Array) => rate(sumOf([...counts]) / TIMES / WEEK)
  const peak = (counts: Float64Array) => rate((counts[busiest] ?? 0) / TIMES / 3600)
  const row = (name: string, { times, reads, writes }: Load) =>
    [name, second(times), peak(times), second(reads), peak(reads), second(writes), peak(writes)]
  return [
    ['in a second', 'on average', `at the peak (${hourName(busiest)})`, 'reads', 'peak', 'writes', 'peak'],
    ...loads.map(({ operation, load }) => row(operation, load)),
    row('all', all)
  ]
}

/** What the errors of the rates are, and what the roll-out took. */
export function loadRemarks (years: readonly GroupYear[]): string[] {
  const seconds = TIMES * WEEK
  const rateOf = (part: 'reads' | 'writes') => sumOf(years.map(year => year.identities * year[part].mean)) / seconds
  const errorOf = (part: 'reads' | 'writes') =>
    Math.hypot(...years.map(year => year.identities * year[part].error)) / seconds
  const told = (part: 'reads' | 'writes') => `${rate(rateOf(part))} ± ${rate(errorOf(part))} ${part}`
  const enrolled = sumOf(years.map(({ identities, lives, enrolled }) =>
    lives === 0 ? 0 : enrolled / lives * identities))
  return [
    `On average, with standard errors: ${told('reads')} and ${told('writes')} in a second.`,
    `The roll-out: ${rate(enrolled / ROLL_OUT_WEEKS / WEEK)} enrollments in a second, for ${ROLL_OUT_WEEKS} weeks.`
  ]
}

/** As Markdown. */
export function tableOf ([heading = [], ...rows]: Rows): string {
  const line = (cells: ReadonlyArray<string | number>) => `| ${cells.join(' | ')} |`
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n')
}

/** The load of all identities: each life counts for all that it stands for. */
function weighted (years: readonly GroupYear[], operation: Operation): Load {
  return addLoads(years.flatMap(({ loads, identities, lives }) => {
    const load = loads.get(operation)
    if (load === undefined || lives === 0) return []
    const grow = (counts: Float64Array) => counts.map(count => count * identities / lives)
    return [{ times: grow(load.times), reads: grow(load.reads), writes: grow(load.writes) }]
  }))
}

function addLoads (loads: readonly Load[]): Load {
  const add = (part: keyof Load) =>
    new Float64Array(HOURS_OF_WEEK).map((_, hour) => sumOf(loads.map(load => load[part][hour] ?? 0)))
  return { times: add('times'), reads: add('reads'), writes: add('writes') }
}

function sumOf (numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

function hourName (hour: number): string {
  return `${DAYS[Math.floor(hour / 24)] ?? ''}, ${hour % 24} to ${hour % 24 + 1} h`
}

function rate (perSecond: number): string {
  return perSecond === 0 ? '0' : perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toPrecision(2)
}

function gigabytes (bytes: number): string {
  return (bytes / 1e9).toPrecision(4)
}

function whole (number: number): string {
  return number.toLocaleString('en')
}
